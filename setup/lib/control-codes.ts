/** Takes the terminal's control codes out of a console's text, however its chunks are cut. */
// oxlint-disable no-control-regex -- control characters are what this is about.

/** A whole escape sequence (ECMA-48): CSI, OSC, or one with intermediate bytes such as a choice of charset. */
const SEQUENCE =
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B\n]*(?:\u0007|\u001B\\)|[ -/]+[0-~]|[0-Z\\^-~])/g;
/** What may yet become one. */
const UNFINISHED = /\u001B(?:\[[0-?]*[ -/]*|\][^\u0007\u001B\n]*\u001B?|[ -/]*)$/;
/** All other control characters but the newline and the tab. */
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F]/g;
/** No sequence is longer; what is, is no sequence. */
const LONGEST_SEQUENCE = 4096;

export class ControlCodeStripper {
  #held = '';

  /** The plain text that can be told by now. */
  push(text: string): string {
    const all = this.#held + text;
    const start = all.search(UNFINISHED);
    const cut = start === -1 || all.length - start > LONGEST_SEQUENCE ? all.length : start;
    this.#held = all.slice(cut);
    return strip(all.slice(0, cut));
  }

  /** What was held back for a sequence that never came to its end. */
  end(): string {
    const rest = strip(this.#held);
    this.#held = '';
    return rest;
  }
}

function strip(text: string): string {
  return text.replace(SEQUENCE, '').replace(CONTROLS, '');
}
