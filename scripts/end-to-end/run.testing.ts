/** Runs nestbench as a user does. */
export * from '../cli/nestbench-run.ts';
