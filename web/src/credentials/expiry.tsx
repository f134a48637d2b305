// When something expires: at the end of a day, which people choose, in their own time zone.
import { Button } from '../components/button.tsx';
import { TextField } from '../components/fields.tsx';

const LAST_DAY = '9999-12-31';

/** The end of a day (`2027-11-23`) as the API takes it; null for no day. Where it is none, the form says so. */
export function endOfDay(day: string): string | null {
  if (!day) return null;
  const end = new Date(`${day}T23:59:59`);
  return Number.isNaN(end.getTime()) ? day : end.toISOString();
}

/** What is wrong with a day, whose year may have come to have five digits. */
function faultOf(day: string): string | null {
  return day.length > LAST_DAY.length ? 'A year has four digits. Choose a day before the year 10000.' : null;
}

/** The day of a time, as an input takes it. */
export function dayOf(time: string | null | undefined): string {
  if (!time) return '';
  const date = new Date(time);
  const two = (part: number) => `${part}`.padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

const CHOICES: [number, string][] = [
  [30, '30 days'],
  [90, '90 days'],
  [365, '1 year'],
];

type ExpiryFieldProps = {
  label?: string;
  hint?: string;
  /** What no day is called. */
  none?: string;
  value: string;
  onChange: (day: string) => void;
};

export function ExpiryField({ label = 'Expires', hint, none = 'Never', value, onChange }: ExpiryFieldProps) {
  const inDays = (days: number) => {
    const day = new Date();
    day.setDate(day.getDate() + days);
    onChange(dayOf(day.toISOString()));
  };
  return (
    <div className="stack tight">
      <TextField label={label} hint={hint} type="date" max={LAST_DAY} validate={faultOf} value={value} onChange={onChange} />
      <div className="row" role="group" aria-label={`${label}: shortcuts`}>
        {CHOICES.map(([days, text]) => (
          <Button key={days} variant="quiet" onPress={() => inDays(days)}>
            {text}
          </Button>
        ))}
        <Button variant="quiet" onPress={() => onChange('')}>
          {none}
        </Button>
      </div>
    </div>
  );
}
