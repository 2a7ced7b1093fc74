/** Who runs nestbench. A container may run it as a user that no /etc/passwd knows (docker --user, OpenShift). */
import { homedir, userInfo } from 'node:os';
import path from 'node:path';

/** The kernel's number, with or without an entry in /etc/passwd. */
export function userId(): number {
  return process.geteuid?.() ?? 0;
}

/** The user's name, or `user 64321` where it has none. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${userId()}`;
  }
}

/** HOME, else what /etc/passwd names; undefined where neither is an absolute path. */
export function homeDirectory(): string | undefined {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const home = find();
      if (path.isAbsolute(home)) return home;
    } catch {
      // The user has no entry there.
    }
  }
  return undefined;
}
