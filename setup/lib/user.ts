/** The user who runs nestbench. In a container it may have no entry in /etc/passwd (docker --user, OpenShift). */
import { homedir, userInfo } from 'node:os';
import path from 'node:path';

/** The kernel's number, with or without an entry in /etc/passwd. */
export function userId(): number {
  return process.geteuid?.() ?? 0;
}

/** The user's name, or `user 64321` without one. */
export function userName(): string {
  return passwdName() ?? `user ${userId()}`;
}

/** Undefined if the user has no entry in /etc/passwd. */
export function passwdName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** HOME, or the one in /etc/passwd; undefined if neither is an absolute path. */
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
