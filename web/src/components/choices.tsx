// Choosing one of a few, or some of them, with what each of them means beside it.
import type { ReactNode } from 'react';
import {
  CheckboxGroup as AriaCheckboxGroup,
  FieldError,
  Label,
  Radio,
  RadioGroup as AriaRadioGroup,
} from 'react-aria-components';
import { Checkbox, Hint, type Option } from './fields.tsx';

type GroupProps<T extends string> = { label: string; hint?: ReactNode; options: readonly Option<T>[]; isRequired?: boolean };

export function RadioGroup<T extends string>({
  label,
  hint,
  options,
  value,
  onChange,
  ...rest
}: GroupProps<T> & { value: T; onChange: (value: T) => void }) {
  return (
    <AriaRadioGroup {...rest} className="field choices" value={value} onChange={(chosen) => onChange(chosen as T)}>
      <Label>{label}</Label>
      <Hint>{hint}</Hint>
      {options.map(({ id, label, detail }) => (
        <Radio key={id} value={id} className="radio">
          <span className="dot" aria-hidden />
          <span>
            {label}
            {detail && <span className="hint block">{detail}</span>}
          </span>
        </Radio>
      ))}
    </AriaRadioGroup>
  );
}

export function CheckboxGroup<T extends string>({
  label,
  hint,
  options,
  value,
  onChange,
  ...rest
}: GroupProps<T> & { value: T[]; onChange: (value: T[]) => void }) {
  return (
    <AriaCheckboxGroup {...rest} className="field choices" value={value} onChange={(chosen) => onChange(chosen as T[])}>
      <Label>{label}</Label>
      <Hint>{hint}</Hint>
      {options.map(({ id, label, detail }) => (
        <Checkbox key={id} value={id} hint={detail}>
          {label}
        </Checkbox>
      ))}
      <FieldError className="error" />
    </AriaCheckboxGroup>
  );
}
