/** Waits for both, then returns both results, or throws the first's failure, or the second's. */
export async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const work = [first, second] as const;
  await Promise.allSettled(work);
  return Promise.all(work);
}
