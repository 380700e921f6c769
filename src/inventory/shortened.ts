/** The first part of a long text, and the end of it, by which texts that begin alike can be told apart. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = Array.from(text);
  if (characters.length <= length) return text;
  const tail = Math.floor(length / 4);
  const head = characters.slice(0, length - tail - 1).join('');
  return `${head}…${characters.slice(-tail).join('')}`;
}
