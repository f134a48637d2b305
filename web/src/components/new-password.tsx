// Choosing a password: twice, so that a slip of the finger locks nobody out. The server's rules decide (length, and none of
// the commonest).
import { SecretField } from './fields.tsx';

type Chosen = { chosen: string; again: string };

export function NewPasswordFields({ value, onChange }: { value: Chosen; onChange: (value: Chosen) => void }) {
  const { chosen, again } = value;
  return (
    <>
      <SecretField
        label="New password"
        hint="12 characters or more. A sentence is easier to remember. Common passwords are refused."
        autoComplete="new-password"
        isRequired
        minLength={12}
        maxLength={1024}
        value={chosen}
        onChange={(chosen) => onChange({ chosen, again })}
      />
      <SecretField
        label="New password, again"
        hint="A slip of the finger would lock you out."
        autoComplete="new-password"
        isRequired
        validate={(again) => (again === chosen ? null : 'The two are not the same.')}
        value={again}
        onChange={(again) => onChange({ chosen, again })}
      />
    </>
  );
}
