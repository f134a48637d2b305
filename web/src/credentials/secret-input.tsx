// A value as somebody types or pastes it: masked until he asks to see it, on one line or, as keys and certificates are, on several.
// Must never repeat it anywhere else.
import { type ClipboardEvent, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { Checkbox, TextField } from '../components/fields.tsx';
import { oddities, presetOf } from '../providers/providers.ts';

type SecretInputProps = { label: string; provider: string; value: string; onChange: (value: string) => void };

export function SecretInput({ label, provider, value, onChange }: SecretInputProps) {
  const [isLong, setLong] = useState(false);
  const [isShown, setShown] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  // An input of one line would drop the line breaks without a word, and the value would be another.
  const keepLines = (event: ClipboardEvent<HTMLInputElement | HTMLTextAreaElement>) => {
    const pasted = event.clipboardData.getData('text/plain');
    if (isLong || !/[\r\n]/.test(pasted.trim())) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    const after = value.slice(selectionEnd ?? value.length);
    flushSync(() => {
      setLong(true);
      onChange(value.slice(0, selectionStart ?? value.length) + pasted + after);
    });
    // The input is gone, and the focus with it.
    const lines = whole.current?.querySelector('textarea');
    const end = (lines?.value.length ?? 0) - after.length;
    lines?.focus();
    lines?.setSelectionRange(end, end);
  };
  const odd = oddities(provider, value);
  return (
    <div className="stack tight" ref={whole}>
      <TextField
        label={label}
        isRequired
        mono
        masked={isLong && !isShown}
        type={isShown ? 'text' : 'password'}
        rows={isLong ? 6 : undefined}
        maxLength={65_536}
        autoComplete="off"
        autoCorrect="off"
        spellCheck="false"
        value={value}
        onChange={onChange}
        onPaste={keepLines}
        hint={presetOf(provider)?.format?.hint ?? 'It is sealed before it reaches the database.'}
      />
      {/* Always there, so that what comes into it is read out. */}
      <p role="status" className={odd ? 'hint odd' : 'visually-hidden'}>
        {odd}
      </p>
      <div className="row wide">
        <Checkbox isSelected={isShown} onChange={setShown}>
          Show what I type
        </Checkbox>
        <Checkbox isSelected={isLong} onChange={setLong} isDisabled={isLong && /\n/.test(value)}>
          Several lines
        </Checkbox>
      </div>
    </div>
  );
}
