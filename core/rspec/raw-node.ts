export type Attributes = Readonly<Record<string, string>>;

/** A <node> as it stands in the advertisement, before anything is believed. */
export type RawNode = {
  line: number;
  /** Name of the <network> around it, or null. */
  network: string | null;
  /** Id of the <site> element around it, or null: nodes of the MAX type, that have no component_id. */
  inSite: string | null;
  attributes: Attributes;
  /** Text of child elements by name; of a repeated element the first. */
  texts: Map<string, string>;
  location: Attributes | null;
  interfaces: Attributes[];
  granularity: string | null;
};

/** What the reader tells as it goes. */
export type AdvertisementEvents = {
  /** The root element's attributes: type, generated, expires. */
  onRoot(attributes: Attributes): void;
  onNetwork(name: string): void;
  onNode(node: RawNode): void;
  /** An aggregate that the advertisement itself says it could not ask. */
  onFailure(failure: { aggregate: string; problem: string }): void;
  /** An element that means nothing to an import: <link>, <site>, … */
  onSkipped(element: string, name: string): void;
};
