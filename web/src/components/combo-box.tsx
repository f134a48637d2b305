// A text that people type or choose: what is typed narrows the choice, and need not be among it.
import { ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  ComboBox as AriaComboBox,
  type ComboBoxProps as AriaComboBoxProps,
  Input,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
} from 'react-aria-components';
import { shownName } from '../shown-name.ts';
import { Hint, Labelled, type Option } from './fields.tsx';

type ComboBoxOption = Option<string> & { icon?: ReactNode };

type ComboBoxProps = Omit<AriaComboBoxProps<ComboBoxOption>, 'children' | 'className' | 'items' | 'defaultItems'> & {
  label: string;
  options: readonly ComboBoxOption[];
  hint?: ReactNode;
  placeholder?: string;
  maxLength?: number;
};

export function ComboBox({ label, options, hint, placeholder, maxLength, ...rest }: ComboBoxProps) {
  return (
    <AriaComboBox {...rest} className="field" defaultItems={options} menuTrigger="focus">
      <Labelled label={label} hint={hint}>
        <div className="combo-box">
          <Input className="input" placeholder={placeholder} maxLength={maxLength} />
          <AriaButton className="button quiet">
            <ChevronDown aria-hidden size={16} />
          </AriaButton>
        </div>
      </Labelled>
      <Popover className="popover">
        <ListBox<ComboBoxOption> className="listbox">
          {(option) => (
            <ListBoxItem id={option.id} textValue={shownName(option.label)} className="option">
              <span className="option-text">
                {option.icon}
                <span>
                  <Text slot="label">{shownName(option.label)}</Text>
                  <Hint>{option.detail}</Hint>
                </span>
              </span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}
