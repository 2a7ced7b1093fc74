/** Decimal numbers of more digits than a double holds, rounded as JSON.parse rounds them, without a text of them. */

/** Powers of ten that are doubles. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** So many digits are a whole number below 2^53, whatever they are. */
export const HIGH_DIGITS = 15;
/** And as many again: JSON.stringify writes 17 that count, and up to 6 zeros before or 4 behind them. */
const MOST_LOW_DIGITS = 15;

/** By which a product of two doubles is split into halves of 26 bits (T. J. Dekker, see below). */
const SPLITTER = 2 ** 27 + 1;
/** The remainder is computed to 2^-104 of the quotient; what is nearer than this to the middle of two doubles is not told. */
const DOUBT = 2 ** -90;

/**
 * The double nearest to (high * 10^lowDigits + low) / 10^decimals, where `high` has at most {@link HIGH_DIGITS} digits.
 * The quotient is found in twice the precision of a double (T. J. Dekker, "A floating-point technique for extending the
 * available precision", Numerische Mathematik 18, 1971): rounded once, and once more by what is left over.
 * @returns NaN where it is not sure which double is the nearest: JSON.parse has to say then.
 */
export function decimal(high: number, low: number, lowDigits: number, decimals: number): number {
  if (decimals >= EXACT_POWERS.length || lowDigits > MOST_LOW_DIGITS) return Number.NaN;
  const divisor = EXACT_POWERS[decimals] ?? Number.NaN;
  // Two whole numbers that a double holds, divided with one rounding, the right one (W. D. Clinger, "How to Read
  // Floating Point Numbers Accurately", PLDI 1990).
  if (lowDigits === 0) return high / divisor;
  const scale = EXACT_POWERS[lowDigits] ?? Number.NaN;
  const product = high * scale;
  const sum = product + low;
  // What sum lacks of the whole number: `low` is the smaller of the two, unless high is 0, and then nothing is lacking.
  const lacking = low - (sum - product) + productError(high, scale, product);
  const quotient = sum / divisor;
  const back = quotient * divisor;
  const correction = (sum - back - productError(quotient, divisor, back) + lacking) / divisor;
  const doubt = quotient * DOUBT;
  const rounded = quotient + (correction + doubt);
  return rounded === quotient + (correction - doubt) ? rounded : Number.NaN;
}

/** What `product`, the rounded one * other, lacks of the product itself: a double, and exact. */
function productError(one: number, other: number, product: number): number {
  const oneHigh = upperHalf(one);
  const oneLow = one - oneHigh;
  const otherHigh = upperHalf(other);
  const otherLow = other - otherHigh;
  return oneLow * otherLow - (product - oneHigh * otherHigh - oneLow * otherHigh - oneHigh * otherLow);
}

function upperHalf(number: number): number {
  const scaled = number * SPLITTER;
  return scaled - (scaled - number);
}
