// What is shown where a page could not be loaded or drawn: a script that did not come, a fault of its own.
// Must never show the error itself: nobody knows what it quotes.
import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { Notice } from './feedback.tsx';

/** `frame` is what the notice is shown in. */
type ErrorBoundaryProps = { frame: (notice: ReactNode) => ReactNode; children: ReactNode };

export class ErrorBoundary extends Component<ErrorBoundaryProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? this.props.frame(<CouldNotLoad />) : this.props.children;
  }
}

function CouldNotLoad() {
  return (
    <Notice tone="danger">
      <p>This page could not be loaded. Reload.</p>
      <Button onPress={() => location.reload()}>Reload</Button>
    </Notice>
  );
}
