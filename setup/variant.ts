/** The variant that a person chose: found, read and checked before anything is built. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { STOCK, type Variant, variantContent } from '../fixtures/variant.ts';
import { InputError } from './errors.ts';

const OURS = path.join(import.meta.dirname, '../fixtures/variants');

/**
 * The variant that `chosen` names: one of nestbench's own, or a YAML or JSON file; without one, the stock one. Files
 * that it names are found from where it stands itself.
 * @throws {InputError} NESTBENCH_UNKNOWN_VARIANT where there is none, or where it holds what a variant can't.
 */
export function findVariant(chosen: string = STOCK): Variant {
  const own = path.join(OURS, `${chosen}.yaml`);
  const file = /^[\w-]+$/.test(chosen) && existsSync(own) ? own : path.resolve(chosen);
  const name = path.basename(file).replace(/\.(ya?ml|json)$/, '');
  if (name === STOCK && file !== own) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `The variant ${file} can't be named "${STOCK}", which is the one that changes nothing. Rename the file.`,
    );
  }
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `There is no variant "${chosen}" that can be read: ${why}. It is one of ${ownVariants().join(', ')}, or a YAML file.`,
    );
  }
  const parsed = variantContent.safeParse(content ?? {});
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || name}: ${issue.message}`);
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `The variant ${file} can't be used: ${wrong.join('; ')}.`,
    );
  }
  return withPaths({ name, ...parsed.data }, path.dirname(file));
}

/** The names of nestbench's own. */
export function ownVariants(): string[] {
  return readdirSync(OURS)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => path.basename(file, '.yaml'));
}

/** Its files by their whole paths. @throws {InputError} where one is not there. */
function withPaths(variant: Variant, from: string): Variant {
  const found = (file: string): string => {
    const whole = path.resolve(from, file);
    if (existsSync(whole)) return whole;
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `The variant "${variant.name}" names ${whole}, which is not there.`,
    );
  };
  const { kernel, qemu } = variant;
  return {
    ...variant,
    ...(qemu === undefined ? {} : { qemu: found(qemu) }),
    ...(kernel === undefined
      ? {}
      : {
          kernel:
            'vmlinux' in kernel
              ? { vmlinux: found(kernel.vmlinux) }
              : { ...kernel, ...(kernel.patches && { patches: kernel.patches.map(found) }) },
        }),
  };
}
