/** The benchmarks that a test has measured to their end, as its worker tells the reporters. */
declare module 'vitest' {
  interface TaskMeta {
    measured?: string[];
  }
}

export function noteMeasured({ meta }: { readonly meta: { measured?: string[] } }, benchmark: string): void {
  (meta.measured ??= []).push(benchmark);
}
