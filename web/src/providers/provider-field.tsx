// Which service a credential is for: one of the presets, or any other.
import { ComboBox } from '../components/combo-box.tsx';
import { ProviderIcon } from './provider-icon.tsx';
import { PRESETS, presetOf } from './providers.ts';

const OPTIONS = PRESETS.map(({ id, name }) => ({ id, label: name, icon: <ProviderIcon provider={id} /> }));

type ProviderFieldProps = { label?: string; value: string; onChange: (text: string) => void; isRequired?: boolean; hint?: string };

export function ProviderField({ label = 'Provider', value, onChange, ...rest }: ProviderFieldProps) {
  return (
    <ComboBox
      {...rest}
      label={label}
      options={OPTIONS}
      allowsCustomValue
      maxLength={100}
      placeholder="GitHub, OpenAI, …"
      inputValue={value}
      onInputChange={onChange}
      onSelectionChange={(id) => id !== null && onChange(presetOf(`${id}`)?.name ?? `${id}`)}
    />
  );
}
