/** `45 s`, `12 min`, `3 h`, `2 days`: as people say it, rounded up. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.ceil(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.ceil(hours / 24)} days`;
}
