// Puts the pages on the screen.
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { ErrorBoundary } from './components/error-boundary.tsx';
import { Narrow } from './components/narrow.tsx';
import { Pages } from './pages.tsx';
import { createQueryClient } from './session.tsx';
import { applyTheme } from './theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/components.css';
import './styles/forms.css';
import './styles/feedback.css';
import './styles/shell.css';
import './styles/record.css';

applyTheme();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <BrowserRouter>
        <ErrorBoundary frame={(notice) => <Narrow title="Not loaded">{notice}</Narrow>}>
          <Pages />
        </ErrorBoundary>
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
