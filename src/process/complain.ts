/** One line for whoever runs the process. Through `console`, which lets a closed stderr be where a write of one's own throws. */
export function complain(line: string): void {
  // eslint-disable-next-line no-console -- for what has no logger to go to
  console.error(line)
}
