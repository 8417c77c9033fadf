declare module "virtual:elk-small" {
  /** The address of the worker. */
  const address: string;
  export default address;
}
