// The sign of a provider: its own where there is a free one, else its letters, or its first. It repeats what is written beside it.
import { presetOf } from './providers.ts';

export function ProviderIcon({ provider }: { provider: string }) {
  const { icon, letters } = presetOf(provider) ?? {};
  return (
    <span className="provider-icon" aria-hidden>
      {icon ? (
        <svg viewBox="0 0 24 24" width={20} height={20} fill="currentColor">
          <path d={icon} />
        </svg>
      ) : (
        (letters ?? [...provider.trim()][0]?.toUpperCase())
      )}
    </span>
  );
}
