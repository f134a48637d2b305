// A text that people type or choose: what is typed narrows the choice, and need not be among it.
import { ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  ComboBox as AriaComboBox,
  type ComboBoxProps as AriaComboBoxProps,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
} from 'react-aria-components';
import type { Option } from './fields.tsx';

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
      <Label>{label}</Label>
      <div className="combo-box">
        <Input className="input" placeholder={placeholder} maxLength={maxLength} />
        <AriaButton className="button quiet">
          <ChevronDown aria-hidden size={16} />
        </AriaButton>
      </div>
      {hint && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      <FieldError className="error" />
      <Popover className="popover">
        <ListBox<ComboBoxOption> className="listbox">
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className="option">
              <span className="option-text">
                {option.icon}
                <span>
                  <Text slot="label">{option.label}</Text>
                  {option.detail && (
                    <Text slot="description" className="hint">
                      {option.detail}
                    </Text>
                  )}
                </span>
              </span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}
