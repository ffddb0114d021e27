// The release that this is, for whoever asks: the API's description, the metrics. A test compares it with the package's own version.

export const RELEASE = '0.1.0';
