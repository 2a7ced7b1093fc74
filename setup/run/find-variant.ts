/** Finds, reads and checks the variant that a user selected, before anything is built. */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { STOCK, type Variant, variantContent } from '../../fixtures/variant.ts';
import { InputError } from '../lib/errors.ts';
import { reasonOf } from '../lib/error-text.ts';
import { faultLines, parseYaml, readTextFile } from '../lib/yaml-file.ts';

const OURS = path.join(import.meta.dirname, '../../fixtures/variants');

/**
 * The variant that `selected` names: one of nestbench's own, or a YAML or JSON file; without one, the stock one. Files
 * that it names are found from where it stands itself.
 * @throws {InputError} NESTBENCH_UNKNOWN_VARIANT where there is none, or where it holds what a variant can't.
 */
export function findVariant(selected: string = STOCK): Variant {
  const own = path.join(OURS, `${selected}.yaml`);
  const file = /^[\w.-]+$/.test(selected) && existsSync(own) ? own : path.resolve(selected);
  const name = path.basename(file).replace(/\.(ya?ml|json)$/, '');
  if (name === STOCK && file !== own) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `The variant ${file} can't be named "${STOCK}", which is the one that changes nothing. Rename the file.`,
    );
  }
  const unreadable = (why: string): InputError =>
    new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `There is no variant "${selected}" that can be read: ${why}. It is one of ${ownVariants().join(', ')}, or a YAML file.`,
    );
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    throw unreadable(reasonOf(error));
  }
  const parsed = parseYaml(text, variantContent, 'variant');
  if (!parsed.ok) {
    const lines = faultLines(file, parsed.faults);
    if (parsed.faults.some(({ isSyntax }) => isSyntax)) throw unreadable(lines);
    throw new InputError('NESTBENCH_UNKNOWN_VARIANT', `The variant ${file} can't be used:\n${lines}`);
  }
  const { value, lineOf } = parsed;
  const refused = (key: string, why: string): InputError =>
    new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `The variant ${file} can't be used:\n${file}:${lineOf(key)}: "${key}" ${why}`,
    );
  return withPaths({ name, ...value }, path.dirname(file), refused);
}

/** The names of nestbench's own. */
export function ownVariants(): string[] {
  return readdirSync(OURS)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => path.basename(file, '.yaml'));
}

/**
 * Makes its paths absolute.
 * @throws the error of `refused` if a file does not exist, or is not a file.
 */
function withPaths(
  variant: Variant,
  from: string,
  refused: (key: string, why: string) => InputError,
): Variant {
  const found = (key: string, file: string, mode: number = constants.R_OK): string => {
    const whole = path.resolve(from, file);
    const why = whyNotFile(whole, mode);
    if (why !== undefined) throw refused(key, `names ${whole}, which ${why}`);
    return whole;
  };
  const { kernel, qemu } = variant;
  const { patches, vmlinux } = kernel ?? {};
  return {
    ...variant,
    ...(qemu === undefined ? {} : { qemu: found('qemu', qemu, constants.X_OK) }),
    ...(kernel === undefined
      ? {}
      : {
          kernel: {
            ...kernel,
            ...(patches && { patches: patches.map((file, at) => found(`kernel.patches.${at}`, file)) }),
            ...(vmlinux !== undefined && { vmlinux: found('kernel.vmlinux', vmlinux) }),
          },
        }),
  };
}

function whyNotFile(file: string, mode: number): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return 'is not there';
  if (!stats.isFile()) return 'is not a file';
  try {
    accessSync(file, mode);
  } catch {
    return mode === constants.X_OK ? "can't be executed" : "can't be read";
  }
  return undefined;
}
