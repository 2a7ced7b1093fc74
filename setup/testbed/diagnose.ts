/** Checks before anything is measured, without changing anything. Testbeds add their own. */
import path from 'node:path';
import { checkoutFault } from '../lib/checkout-path.ts';
import { sentenceOf } from '../lib/errors.ts';
import { placeFaults, whyUnusable } from '../lib/places.ts';

/**
 * `wrong`: nothing can be measured; `unquiet`: it can, but with more noise; `some cells` can't be measured; `possible`:
 * a run can start, and could use more.
 */
export type Verdict = 'right' | 'wrong' | 'unquiet' | 'some cells' | 'possible';

export interface Finding {
  readonly machine: 'host' | 'client' | 'server';
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  readonly needed: string;
  /** What to do; empty if it is right. */
  readonly fix: string;
}

const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/** The directories of a run started here, on any testbed. */
export function examinePlaces(resultsDirectory: string, junitFile: string | undefined): Finding[] {
  const faults = placeFaults(resultsDirectory, junitFile).map(({ place, fault, variable }) =>
    finding(place, 'a place that can be written to', fault, `set ${variable} to another place`),
  );
  const named = checkoutFault(CHECKOUT);
  if (named !== undefined)
    faults.push(finding('checkout', 'a path that Vite can read', named, 'move the checkout'));
  const checkout = whyUnusable(CHECKOUT);
  if (checkout !== undefined)
    faults.push(
      finding(
        'checkout',
        'a checkout that can be written to, or --configLoader runner',
        checkout,
        'add --configLoader runner to each npx vitest',
      ),
    );
  if (faults.length > 0) return faults;
  return [finding('places', 'places that can be written to', 'cache, temporary files, results', '')];
}

/** A finding of this host, which is right if there is nothing to fix. */
export function finding(check: string, needed: string, found: string, fix: string): Finding {
  return { machine: 'host', check, verdict: fix === '' ? 'right' : 'wrong', found, needed, fix };
}

/** The message of a foreseeable failure; undefined without one. */
export async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const sentence = sentenceOf(error);
    if (sentence === undefined) throw error;
    return sentence;
  }
}
