import '@cloudscape-design/global-styles/index.css';
import './console.css';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { ApiRefusal, goToSignIn } from './api/client.ts';
import { App } from './app/app.tsx';

/** Whose session has ended is sent to sign in, and back to the same page afterwards. */
const onError = (error: unknown) => {
  if (error instanceof ApiRefusal && error.status === 401) goToSignIn();
};
const queries = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && !(error instanceof ApiRefusal && error.status < 500),
    },
  },
});

const place = document.getElementById('root');
if (!place) throw new Error('the page has no place for the console');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <BrowserRouter>
        <App />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
