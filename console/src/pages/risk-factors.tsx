import Box from '@cloudscape-design/components/box';
import Table from '@cloudscape-design/components/table';
import type { RiskFactor } from '../../../contracts/api-advisor.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';

/** What made the risk score: each factor's figure and how much risk it stands for. */
export const RiskFactors = ({ factors }: { factors: readonly RiskFactor[] }) => {
  const { recommendations: texts, action } = useMessages();
  const language = useLanguage();
  const words: Record<string, string> = action;
  return (
    <div>
      <Box variant="awsui-key-label">{texts.factors}</Box>
      <Table
        variant="borderless"
        contentDensity="compact"
        items={factors}
        trackBy="factor"
        ariaLabels={{ tableLabel: texts.factors }}
        columnDefinitions={[
          {
            id: 'factor',
            header: texts.factor,
            cell: (one) => (language === 'zh' ? one.description_zh : one.description_en),
          },
          { id: 'value', header: texts.value, cell: (one) => words[one.value] ?? one.value },
          { id: 'weight', header: texts.weight, cell: (one) => one.weight },
        ]}
      />
    </div>
  );
};
