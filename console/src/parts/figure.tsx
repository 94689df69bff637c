import type { ReactNode } from 'react';

/** One entry of a list of figures (`<dl className="figures">`). */
export const Figure = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);
