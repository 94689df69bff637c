export type Login = { readonly username: string; readonly password: string };

/** What a scan found at an address. `login` stays in memory until it is sealed with the inventory. */
export type FoundMachine = {
  readonly host: string;
  /** Firmware family (contracts/capabilities), or the name of one that this gateway does not speak. */
  readonly family: string;
  readonly stock: boolean;
  /** Absent where the machine gave its kind away and did not say more. */
  readonly model?: string;
  readonly firmware?: string;
  readonly apiVersion?: string;
  readonly macAddress?: string;
  readonly serialNumber?: string;
  readonly hostname?: string;
  readonly login?: Login;
  /** Whether its marks are told to nobody without that login; else the login may be wrong. */
  readonly isLoginProved?: boolean;
};

/** A miner of the inventory, and who it was when it was seen last. */
export type KnownMachine = {
  readonly minerId: string;
  readonly host: string;
  readonly family: string;
  readonly model?: string | undefined;
  readonly firmware?: string | undefined;
  readonly macAddress?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly hostname?: string | undefined;
};
