/** What it means if the operating system refuses something, by the names of errno(3), and what to do then. */

/** Each takes the file, as far as it is known. */
const WORDS: Readonly<Record<string, (file: string | undefined) => string | undefined>> = {
  ENOSPC: (file) => `The disk${of(file)} is full. Make room`,
  EDQUOT: (file) => `This user's quota on the disk${of(file)} is used up. Make room`,
  EFBIG: (file) =>
    `${file ?? 'A file'} has the maximum size of a file. Raise that with "ulimit -f unlimited"`,
  EROFS: (file) =>
    `The file system${of(file)} is read-only. Remount it for writing, or choose another directory`,
  EACCES: notAllowed,
  EPERM: notAllowed,
  EMFILE: () => 'This process has the maximum number of open files. Raise that with "ulimit -n 4096"',
  ENFILE: () => 'This host has the maximum number of open files. Raise that with "sysctl fs.file-max"',
  EIO: (file) => `The disk${of(file)} fails to read or write. Look for its reason in dmesg`,
};

/** A sentence for a refusal that a person can do something about; undefined for any other error. */
export function systemRefusal(error: Error): string | undefined {
  if (!('syscall' in error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const file = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  const words = WORDS[error.code]?.(file);
  return words && `${words}, then start again (${error.code}, ${String(error.syscall)}).`;
}

/** Does work on a file, whose name every error of the system then has: of a descriptor, Node knows none. */
export function namingFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error && !('path' in error))
      Object.assign(error, { path: file });
    throw error;
  }
}

function of(file: string | undefined): string {
  return file === undefined ? '' : ` of ${file}`;
}

function notAllowed(file: string | undefined): string | undefined {
  return file && `This user is not allowed to use ${file}. Change its owner, permissions or attributes`;
}
