// The sign of a provider: its own where there is a free one, else its first letter. It repeats what is written beside it.
import { presetOf } from './providers.ts';

export function ProviderIcon({ provider }: { provider: string }) {
  const icon = presetOf(provider)?.icon;
  return (
    <span className="provider-icon" aria-hidden>
      {icon ? (
        <svg viewBox="0 0 24 24" width={20} height={20} fill="currentColor">
          <path d={icon} />
        </svg>
      ) : (
        [...provider.trim()][0]?.toUpperCase()
      )}
    </span>
  );
}
