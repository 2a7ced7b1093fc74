/** Both, or the first's failure before the second's, once neither runs any more. */
export async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const work = [first, second] as const;
  await Promise.allSettled(work);
  return Promise.all(work);
}
