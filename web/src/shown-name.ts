// Names that others chose, as they are shown where something is chosen or judged by them.

/** Marks of Unicode that turn the direction of what follows: with them, `gnp.exe` reads `exe.png`. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The name, with marks that would have it read as another written out. */
export function shownName(name: string): string {
  return name.replace(TURNS, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`);
}
