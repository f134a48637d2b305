// Times: how long ago or ahead, with the exact one beside it for whoever hovers or listens.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const deadline = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

export function Time({ value }: { value: string }) {
  const time = new Date(value);
  return (
    <time dateTime={value} title={exact.format(time)}>
      {inWords((time.getTime() - Date.now()) / 1000)}
    </time>
  );
}

/** A deadline: to the minute, since "until in two days" is no English, and the day itself is what counts. */
export function Deadline({ value }: { value: string }) {
  return <time dateTime={value}>{deadline.format(new Date(value))}</time>;
}

/** To the second, where the order matters. */
export function ExactTime({ value }: { value: string }) {
  return <time dateTime={value}>{exact.format(new Date(value))}</time>;
}

function inWords(seconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return unit === 'second' ? (seconds > 0 ? 'in less than a minute' : 'just now') : relative.format(Math.round(seconds / length), unit);
}
