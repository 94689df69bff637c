import { useState } from 'react';
export const RulesPage = () => {
  useState(0);
  return null;
};
