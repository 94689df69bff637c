/** Queries and mutations of Braiins OS 21 to 25.05, each with the fields that its recorded answers have. */
export const identity = '{ bos { hostname info { version { full } } } bosminer { info { modelName } } }';
export const reading = `{
  bos { faultLight uptime { durationS } }
  bosminer { info {
    modelName
    fans { name rpm speed }
    summary { power { approxConsumptionW limitW } }
    workSolver {
      nominalMhs
      realHashrate { mhs5S }
      childSolvers {
        name nominalMhs
        realHashrate { mhs5S }
        hwDetails { chips frequencyMhz voltageV }
        temperatures { name degreesC }
      }
    }
  } }
}`;
export const pools = `{ bosminer { info { poolGroups { name pools {
  url user active status shares { acceptedSolutions rejectedSolutions }
} } } } }`;
export const config = `{ bosminer { config { ... on BosminerConfig {
  autotuning { mode powerTarget hashrateTarget }
  tempControl { mode targetTemp }
  fanControl { speed }
} } } }`;

export const login =
  'mutation ($username: String!, $password: String!) { auth { login(username: $username, password: $password) { __typename } } }';
export const reboot = 'mutation { bos { reboot { __typename } } }';
export const start = 'mutation { bosminer { start { __typename } } }';
export const stop = 'mutation { bosminer { stop { __typename } } }';
export const restart = 'mutation { bosminer { restart { __typename } } }';
export const setFaultLight =
  'mutation ($enable: Boolean!) { bos { setFaultLight(enable: $enable) { __typename } } }';
export const updateAutotuning =
  'mutation ($input: AutotuningIn!) { bosminer { config { updateAutotuning(input: $input, apply: true) { __typename } } } }';
export const updateTempAndFans =
  'mutation ($input: TempAndFansIn!) { bosminer { config { updateTempAndFans(input: $input, apply: true) { __typename } } } }';
export const updateGroups =
  'mutation ($groups: [Group!]!) { bosminer { config { updateGroups(groups: $groups) { __typename } } } }';
