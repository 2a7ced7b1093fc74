/** Removes terminal control codes from a console's text, however its chunks are cut. */
// oxlint-disable no-control-regex -- control characters are what this is about.

/** A complete escape sequence (ECMA-48): CSI, OSC, or one with intermediate bytes such as a choice of charset. */
const SEQUENCE =
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B\n]*(?:\u0007|\u001B\\)|[ -/]+[0-~]|[0-Z\\^-~])/g;
/** The beginning of a possible sequence. */
const UNFINISHED = /\u001B(?:\[[0-?]*[ -/]*|\][^\u0007\u001B\n]*\u001B?|[ -/]*)$/;
/** All other control characters except the newline and the tab. */
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F]/g;
/** Anything longer is not a sequence. */
const LONGEST_SEQUENCE = 4096;

export class ControlCodeStripper {
  #held = '';

  /** The plain text that is certain so far. */
  push(text: string): string {
    const all = this.#held + text;
    const start = all.search(UNFINISHED);
    const cut = start === -1 || all.length - start > LONGEST_SEQUENCE ? all.length : start;
    this.#held = all.slice(cut);
    return strip(all.slice(0, cut));
  }

  /** Text that was held back for a sequence that never ended. */
  end(): string {
    const rest = strip(this.#held);
    this.#held = '';
    return rest;
  }
}

function strip(text: string): string {
  return text.replace(SEQUENCE, '').replace(CONTROLS, '');
}
