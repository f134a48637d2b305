// What people fill in: a label, a hint and an error with each, as assistive technology expects them.
import type { ReactNode } from 'react';
import {
  Checkbox as AriaCheckbox,
  type CheckboxProps,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  SearchField as AriaSearchField,
  Select as AriaSelect,
  SelectValue,
  Button as AriaButton,
  Text,
  TextArea,
  TextField as AriaTextField,
  type SearchFieldProps as AriaSearchFieldProps,
  type TextFieldProps as AriaTextFieldProps,
} from 'react-aria-components';
import { Check, ChevronDown, Search, X } from 'lucide-react';
import { shownName } from '../shown-name.ts';

type LabelledProps = { label: string; hint?: ReactNode; children: ReactNode };

/** What stands around whatever is filled in: its name above; a hint, and what is wrong with it, below. */
export function Labelled({ label, hint, children }: LabelledProps) {
  return (
    <>
      <Label>{label}</Label>
      {children}
      <Hint>{hint}</Hint>
      <FieldError className="error" />
    </>
  );
}

export function Hint({ children }: { children: ReactNode }) {
  return (
    children && (
      <Text slot="description" className="hint">
        {children}
      </Text>
    )
  );
}

type TextFieldProps = Omit<AriaTextFieldProps, 'className'> & {
  label: string;
  hint?: ReactNode;
  placeholder?: string;
  /** A text of several lines. */
  rows?: number;
  mono?: boolean;
  /** The last day of a date. */
  max?: string;
  /** Several lines that are not to be read over a shoulder: browsers mask a single line only. */
  masked?: boolean;
};

export function TextField({ label, hint, placeholder, rows, mono, masked, max, ...rest }: TextFieldProps) {
  const look = `input${mono ? ' mono' : ''}${masked ? ' masked' : ''}`;
  return (
    <AriaTextField {...rest} className="field">
      <Labelled label={label} hint={hint}>
        {rows ? (
          <TextArea className={look} rows={rows} placeholder={placeholder} />
        ) : (
          <Input className={look} placeholder={placeholder} max={max} />
        )}
      </Labelled>
    </AriaTextField>
  );
}

/** A value, token or password as it is typed. Browsers neither keep it nor send it to a spelling service. */
export function SecretField(props: Omit<TextFieldProps, 'rows' | 'type'>) {
  return <TextField autoComplete="off" spellCheck="false" mono {...props} type="password" />;
}

type NumberFieldProps = {
  label: string;
  hint?: ReactNode;
  unit: string;
  least: number;
  most: number;
  /** NaN while there is none. */
  value: number;
  onChange: (value: number) => void;
};

/** A whole number of something. React Aria's own field writes HTML, which the Content-Security-Policy forbids. */
export function NumberField({ label, hint, unit, least, most, value, onChange }: NumberFieldProps) {
  const text = Number.isNaN(value) ? '' : `${value}`;
  return (
    <AriaTextField className="field" isRequired value={text} onChange={(text) => onChange(Number.parseInt(text, 10))}>
      <Labelled label={label} hint={hint}>
        <span className="row">
          <Input className="input number" type="number" min={least} max={most} step={1} />
          <span aria-hidden>{unit}</span>
        </span>
      </Labelled>
    </AriaTextField>
  );
}

type SearchFieldProps = Omit<AriaSearchFieldProps, 'className'> & { label: string; placeholder?: string };

export function SearchField({ label, placeholder, ...rest }: SearchFieldProps) {
  return (
    <AriaSearchField {...rest} aria-label={label} className="search">
      <Search aria-hidden size={18} />
      <Input className="input" placeholder={placeholder} />
      <AriaButton className="button quiet clear">
        <X aria-hidden size={16} />
      </AriaButton>
    </AriaSearchField>
  );
}

export type Option<T extends string> = { id: T; label: string; detail?: string };

type SelectProps<T extends string> = {
  label: string;
  options: readonly Option<T>[];
  value: T | undefined;
  onChange: (value: T) => void;
  hint?: ReactNode;
  placeholder?: string;
  isRequired?: boolean;
  isDisabled?: boolean;
  name?: string;
};

export function Select<T extends string>({ label, options, value, onChange, hint, placeholder, ...rest }: SelectProps<T>) {
  return (
    <AriaSelect
      {...rest}
      className="field"
      placeholder={placeholder ?? 'Choose'}
      selectedKey={value ?? null}
      onSelectionChange={(key) => onChange(key as T)}
    >
      <Labelled label={label} hint={hint}>
        <AriaButton className="input select">
          <SelectValue>{({ selectedText, defaultChildren }) => selectedText || defaultChildren}</SelectValue>
          <ChevronDown aria-hidden size={16} />
        </AriaButton>
      </Labelled>
      <Popover className="popover">
        <ListBox items={options} className="listbox">
          {(option) => (
            <ListBoxItem id={option.id} textValue={shownName(option.label)} className="option">
              <span>
                <Text slot="label">{shownName(option.label)}</Text>
                <Hint>{option.detail}</Hint>
              </span>
              <Check aria-hidden size={16} className="tick" />
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

export function Checkbox({ children, hint, ...rest }: Omit<CheckboxProps, 'children' | 'className'> & { children: ReactNode; hint?: string }) {
  return (
    <AriaCheckbox {...rest} className="checkbox">
      <span className="box" aria-hidden>
        <Check size={14} />
      </span>
      <span>
        {children}
        {hint && <span className="hint block">{hint}</span>}
      </span>
    </AriaCheckbox>
  );
}
