/** Generated from the API description of Asterisk 22.10.1 by `npm run generate`. Do not edit. */

export type JsonObject = { readonly [key: string]: unknown };

export interface Application {
  readonly name: string;
  readonly channel_ids: readonly string[];
  readonly bridge_ids: readonly string[];
  readonly endpoint_ids: readonly string[];
  readonly device_names: readonly string[];
  readonly events_allowed: readonly JsonObject[];
  readonly events_disallowed: readonly JsonObject[];
}

export interface BuildInfo {
  readonly os: string;
  readonly kernel: string;
  readonly options: string;
  readonly machine: string;
  readonly date: string;
  readonly user: string;
}

export interface SystemInfo {
  readonly version: string;
  readonly entity_id: string;
}

export interface SetId {
  readonly user: string;
  readonly group: string;
}

export interface ConfigInfo {
  readonly name: string;
  readonly default_language: string;
  readonly max_channels?: number;
  readonly max_open_files?: number;
  readonly max_load?: number;
  readonly setid: SetId;
}

export interface StatusInfo {
  readonly startup_time: string;
  readonly last_reload_time: string;
}

export interface AsteriskInfo {
  readonly build?: BuildInfo;
  readonly system?: SystemInfo;
  readonly config?: ConfigInfo;
  readonly status?: StatusInfo;
}

export interface AsteriskPing {
  readonly asterisk_id: string;
  readonly ping: string;
  readonly timestamp: string;
}

export interface Module {
  readonly name: string;
  readonly description: string;
  readonly use_count: number;
  readonly status: string;
  readonly support_level: string;
}

export interface LogChannel {
  readonly channel: string;
  readonly type: string;
  readonly status: string;
  readonly configuration: string;
}

export interface Variable {
  readonly value: string;
}

export interface Variables {
  readonly variables: JsonObject;
}

export interface ConfigTuple {
  readonly attribute: string;
  readonly value: string;
}

export interface Bridge {
  readonly id: string;
  readonly technology: string;
  readonly bridge_type: 'mixing' | 'holding';
  readonly bridge_class: string;
  readonly creator: string;
  readonly name: string;
  readonly channels: readonly string[];
  readonly video_mode?: string;
  readonly video_source_id?: string;
  readonly creationtime: string;
  readonly bridgevars?: JsonObject;
}

export interface Dialed {

}

export interface DialplanCEP {
  readonly context: string;
  readonly exten: string;
  readonly priority: number;
  readonly app_name: string;
  readonly app_data: string;
}

export interface CallerID {
  readonly name: string;
  readonly number: string;
}

export interface RTPstat {
  readonly txcount: number;
  readonly rxcount: number;
  readonly txjitter?: number;
  readonly rxjitter?: number;
  readonly remote_maxjitter?: number;
  readonly remote_minjitter?: number;
  readonly remote_normdevjitter?: number;
  readonly remote_stdevjitter?: number;
  readonly local_maxjitter?: number;
  readonly local_minjitter?: number;
  readonly local_normdevjitter?: number;
  readonly local_stdevjitter?: number;
  readonly txploss: number;
  readonly rxploss: number;
  readonly remote_maxrxploss?: number;
  readonly remote_minrxploss?: number;
  readonly remote_normdevrxploss?: number;
  readonly remote_stdevrxploss?: number;
  readonly local_maxrxploss?: number;
  readonly local_minrxploss?: number;
  readonly local_normdevrxploss?: number;
  readonly local_stdevrxploss?: number;
  readonly rtt?: number;
  readonly maxrtt?: number;
  readonly minrtt?: number;
  readonly normdevrtt?: number;
  readonly stdevrtt?: number;
  readonly local_ssrc: number;
  readonly remote_ssrc: number;
  readonly txoctetcount: number;
  readonly rxoctetcount: number;
  readonly channel_uniqueid: string;
}

export interface Channel {
  readonly id: string;
  readonly protocol_id: string;
  readonly name: string;
  readonly state: 'Down' | 'Rsrved' | 'OffHook' | 'Dialing' | 'Ring' | 'Ringing' | 'Up' | 'Busy' | 'Dialing Offhook' | 'Pre-ring' | 'Unknown';
  readonly caller: CallerID;
  readonly connected: CallerID;
  readonly accountcode: string;
  readonly dialplan: DialplanCEP;
  readonly creationtime: string;
  readonly language: string;
  readonly channelvars?: JsonObject;
  readonly caller_rdnis?: string;
  readonly tenantid?: string;
}

export interface DeviceState {
  readonly name: string;
  readonly state: 'UNKNOWN' | 'NOT_INUSE' | 'INUSE' | 'BUSY' | 'INVALID' | 'UNAVAILABLE' | 'RINGING' | 'RINGINUSE' | 'ONHOLD';
}

export interface Endpoint {
  readonly technology: string;
  readonly resource: string;
  readonly state?: 'unknown' | 'offline' | 'online';
  readonly channel_ids: readonly string[];
}

export interface TextMessage {
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly variables?: JsonObject;
}

export interface ContactInfo {
  readonly uri: string;
  readonly contact_status: 'Unreachable' | 'Reachable' | 'Unknown' | 'NonQualified' | 'Removed';
  readonly aor: string;
  readonly roundtrip_usec?: string;
}

export interface Peer {
  readonly peer_status: string;
  readonly cause?: string;
  readonly address?: string;
  readonly port?: string;
  readonly time?: string;
}

export interface ReferTo {
  readonly requested_destination: RequiredDestination;
  readonly destination_channel?: Channel;
  readonly connected_channel?: Channel;
  readonly bridge?: Bridge;
}

export interface ReferredBy {
  readonly source_channel: Channel;
  readonly connected_channel?: Channel;
  readonly bridge?: Bridge;
}

export interface RequiredDestination {
  readonly protocol_id?: string;
  readonly destination?: string;
  readonly additional_protocol_params?: readonly AdditionalParam[];
}

export interface AdditionalParam {
  readonly parameter_name: string;
  readonly parameter_value: string;
}

export interface Mailbox {
  readonly name: string;
  readonly old_messages: number;
  readonly new_messages: number;
}

export interface Playback {
  readonly id: string;
  readonly media_uri: string;
  readonly next_media_uri?: string;
  readonly target_uri: string;
  readonly language?: string;
  readonly state: 'queued' | 'playing' | 'continuing' | 'done' | 'failed';
}

export interface StoredRecording {
  readonly name: string;
  readonly format: string;
}

export interface LiveRecording {
  readonly name: string;
  readonly format: string;
  readonly target_uri: string;
  readonly state: 'queued' | 'recording' | 'paused' | 'done' | 'failed' | 'canceled';
  readonly duration?: number;
  readonly talking_duration?: number;
  readonly silence_duration?: number;
  readonly cause?: string;
}

export interface FormatLangPair {
  readonly language: string;
  readonly format: string;
}

export interface Sound {
  readonly id: string;
  readonly text?: string;
  readonly formats: readonly FormatLangPair[];
}
