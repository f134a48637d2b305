// Buttons, and links that look like them. While what a button began is under way, it is not begun again.
import type { ReactNode, Ref } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { Link, type LinkProps } from 'react-router';

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger';

type ButtonProps = Omit<AriaButtonProps, 'className' | 'children'> & {
  ref?: Ref<HTMLButtonElement>;
  variant?: Variant;
  children: ReactNode;
};

export function Button({ variant = 'secondary', children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={`button ${variant}`}>
      {children}
    </AriaButton>
  );
}

/** A button of one icon; `label` is what it is called. */
export function IconButton({ label, ...rest }: Omit<ButtonProps, 'aria-label'> & { label: string }) {
  return <Button variant="quiet" {...rest} aria-label={label} />;
}

export function ButtonLink({ variant = 'secondary', ...rest }: LinkProps & { variant?: Variant }) {
  return <Link {...rest} className={`button ${variant}`} />;
}
