// One's own settings: who one is here, how the pages look, and the ways in.
import { useState } from 'react';
import { CopyButton } from '../components/copy.tsx';
import { RadioGroup } from '../components/choices.tsx';
import { Facts } from '../components/facts.tsx';
import { Badge } from '../components/feedback.tsx';
import { Page, Section } from '../components/page.tsx';
import { Time } from '../components/time.tsx';
import { useMe } from '../session.tsx';
import { Identities } from '../settings/identities.tsx';
import { PasswordForm } from '../settings/password-form.tsx';
import { chooseTheme, chosenTheme, type Theme } from '../theme.ts';

export function Settings() {
  return (
    <Page title="Settings">
      <You />
      <Appearance />
      <PasswordForm />
      <Identities />
    </Page>
  );
}

function You() {
  const me = useMe();
  return (
    <Section title="You">
      <div className="card">
        <Facts
          facts={{
            'Name': (
              <>
                {me.display_name} {me.is_admin && <Badge tone="info">Vault administrator</Badge>}
              </>
            ),
            'E-mail': me.email,
            'Joined': <Time value={me.created_at} />,
            'Your id': (
              <span className="row">
                <code>{me.id}</code>
                <CopyButton text={me.id} label="Copy your id" />
              </span>
            ),
          }}
        />
        <p className="hint">Give your id to whoever adds you to a workspace. It is not a secret.</p>
      </div>
    </Section>
  );
}

const THEMES: { id: Theme; label: string }[] = [
  { id: 'system', label: 'Same as system' },
  { id: 'light', label: 'Light' },
  { id: 'dark', label: 'Dark' },
];

function Appearance() {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (theme: Theme) => {
    chooseTheme(theme);
    setTheme(theme);
  };
  return (
    <Section title="Appearance">
      <div className="card">
        <RadioGroup label="Colours" options={THEMES} value={theme} onChange={choose} />
      </div>
    </Section>
  );
}
