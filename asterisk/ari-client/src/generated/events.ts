/** Generated from the API description of Asterisk 22.10.1 by `npm run generate`. Do not edit. */

import type * as models from './models.ts';

type JsonObject = models.JsonObject;

export interface EventFields {
  readonly application: string;
  readonly timestamp: string;
  readonly asterisk_id?: string;
}

export interface ApplicationMoveFailed extends EventFields {
  readonly type: 'ApplicationMoveFailed';
  readonly channel: models.Channel;
  readonly destination: string;
  readonly args: readonly string[];
}

export interface ApplicationRegistered extends EventFields {
  readonly type: 'ApplicationRegistered';

}

export interface ApplicationReplaced extends EventFields {
  readonly type: 'ApplicationReplaced';

}

export interface ApplicationUnregistered extends EventFields {
  readonly type: 'ApplicationUnregistered';

}

export interface BridgeAttendedTransfer extends EventFields {
  readonly type: 'BridgeAttendedTransfer';
  readonly transferer_first_leg: models.Channel;
  readonly transferer_second_leg: models.Channel;
  readonly replace_channel?: models.Channel;
  readonly transferee?: models.Channel;
  readonly transfer_target?: models.Channel;
  readonly result: string;
  readonly is_external: boolean;
  readonly transferer_first_leg_bridge?: models.Bridge;
  readonly transferer_second_leg_bridge?: models.Bridge;
  readonly destination_type: string;
  readonly destination_bridge?: string;
  readonly destination_application?: string;
  readonly destination_link_first_leg?: models.Channel;
  readonly destination_link_second_leg?: models.Channel;
  readonly destination_threeway_channel?: models.Channel;
  readonly destination_threeway_bridge?: models.Bridge;
}

export interface BridgeBlindTransfer extends EventFields {
  readonly type: 'BridgeBlindTransfer';
  readonly channel: models.Channel;
  readonly replace_channel?: models.Channel;
  readonly transferee?: models.Channel;
  readonly exten: string;
  readonly context: string;
  readonly result: string;
  readonly is_external: boolean;
  readonly bridge?: models.Bridge;
}

export interface BridgeCreated extends EventFields {
  readonly type: 'BridgeCreated';
  readonly bridge: models.Bridge;
}

export interface BridgeDestroyed extends EventFields {
  readonly type: 'BridgeDestroyed';
  readonly bridge: models.Bridge;
}

export interface BridgeMerged extends EventFields {
  readonly type: 'BridgeMerged';
  readonly bridge: models.Bridge;
  readonly bridge_from: models.Bridge;
}

export interface BridgeVideoSourceChanged extends EventFields {
  readonly type: 'BridgeVideoSourceChanged';
  readonly bridge: models.Bridge;
  readonly old_video_source_id?: string;
}

export interface CallBroadcast extends EventFields {
  readonly type: 'CallBroadcast';
  readonly channel: models.Channel;
  readonly caller?: string;
  readonly called?: string;
}

export interface CallClaimed extends EventFields {
  readonly type: 'CallClaimed';
  readonly channel: models.Channel;
  readonly winner_app: string;
}

export interface ChannelCallerId extends EventFields {
  readonly type: 'ChannelCallerId';
  readonly caller_presentation: number;
  readonly caller_presentation_txt: string;
  readonly channel: models.Channel;
}

export interface ChannelConnectedLine extends EventFields {
  readonly type: 'ChannelConnectedLine';
  readonly channel: models.Channel;
}

export interface ChannelCreated extends EventFields {
  readonly type: 'ChannelCreated';
  readonly channel: models.Channel;
}

export interface ChannelDestroyed extends EventFields {
  readonly type: 'ChannelDestroyed';
  readonly cause: number;
  readonly cause_txt: string;
  readonly tech_cause?: number;
  readonly channel: models.Channel;
}

export interface ChannelDialplan extends EventFields {
  readonly type: 'ChannelDialplan';
  readonly channel: models.Channel;
  readonly dialplan_app: string;
  readonly dialplan_app_data: string;
}

export interface ChannelDtmfReceived extends EventFields {
  readonly type: 'ChannelDtmfReceived';
  readonly digit: string;
  readonly duration_ms: number;
  readonly channel: models.Channel;
}

export interface ChannelEnteredBridge extends EventFields {
  readonly type: 'ChannelEnteredBridge';
  readonly bridge: models.Bridge;
  readonly channel?: models.Channel;
}

export interface ChannelHangupRequest extends EventFields {
  readonly type: 'ChannelHangupRequest';
  readonly cause?: number;
  readonly tech_cause?: number;
  readonly soft?: boolean;
  readonly channel: models.Channel;
}

export interface ChannelHold extends EventFields {
  readonly type: 'ChannelHold';
  readonly channel: models.Channel;
  readonly musicclass?: string;
}

export interface ChannelLeftBridge extends EventFields {
  readonly type: 'ChannelLeftBridge';
  readonly bridge: models.Bridge;
  readonly channel: models.Channel;
}

export interface ChannelStateChange extends EventFields {
  readonly type: 'ChannelStateChange';
  readonly channel: models.Channel;
}

export interface ChannelTalkingFinished extends EventFields {
  readonly type: 'ChannelTalkingFinished';
  readonly channel: models.Channel;
  readonly duration: number;
}

export interface ChannelTalkingStarted extends EventFields {
  readonly type: 'ChannelTalkingStarted';
  readonly channel: models.Channel;
}

export interface ChannelToneDetected extends EventFields {
  readonly type: 'ChannelToneDetected';
  readonly channel: models.Channel;
}

export interface ChannelTransfer extends EventFields {
  readonly type: 'ChannelTransfer';
  readonly state?: string;
  readonly refer_to: models.ReferTo;
  readonly referred_by: models.ReferredBy;
}

export interface ChannelUnhold extends EventFields {
  readonly type: 'ChannelUnhold';
  readonly channel: models.Channel;
}

export interface ChannelUserevent extends EventFields {
  readonly type: 'ChannelUserevent';
  readonly eventname: string;
  readonly channel?: models.Channel;
  readonly bridge?: models.Bridge;
  readonly endpoint?: models.Endpoint;
  readonly userevent: JsonObject;
}

export interface ChannelVarset extends EventFields {
  readonly type: 'ChannelVarset';
  readonly variable: string;
  readonly value: string;
  readonly channel?: models.Channel;
}

export interface ContactStatusChange extends EventFields {
  readonly type: 'ContactStatusChange';
  readonly endpoint: models.Endpoint;
  readonly contact_info: models.ContactInfo;
}

export interface DeviceStateChanged extends EventFields {
  readonly type: 'DeviceStateChanged';
  readonly device_state: models.DeviceState;
}

export interface Dial extends EventFields {
  readonly type: 'Dial';
  readonly caller?: models.Channel;
  readonly peer: models.Channel;
  readonly forward?: string;
  readonly forwarded?: models.Channel;
  readonly dialstring?: string;
  readonly dialstatus: string;
}

export interface EndpointStateChange extends EventFields {
  readonly type: 'EndpointStateChange';
  readonly endpoint: models.Endpoint;
}

export interface PeerStatusChange extends EventFields {
  readonly type: 'PeerStatusChange';
  readonly endpoint: models.Endpoint;
  readonly peer: models.Peer;
}

export interface PlaybackContinuing extends EventFields {
  readonly type: 'PlaybackContinuing';
  readonly playback: models.Playback;
}

export interface PlaybackFinished extends EventFields {
  readonly type: 'PlaybackFinished';
  readonly playback: models.Playback;
}

export interface PlaybackStarted extends EventFields {
  readonly type: 'PlaybackStarted';
  readonly playback: models.Playback;
}

export interface RecordingFailed extends EventFields {
  readonly type: 'RecordingFailed';
  readonly recording: models.LiveRecording;
}

export interface RecordingFinished extends EventFields {
  readonly type: 'RecordingFinished';
  readonly recording: models.LiveRecording;
}

export interface RecordingStarted extends EventFields {
  readonly type: 'RecordingStarted';
  readonly recording: models.LiveRecording;
}

export interface StasisEnd extends EventFields {
  readonly type: 'StasisEnd';
  readonly channel: models.Channel;
}

export interface StasisStart extends EventFields {
  readonly type: 'StasisStart';
  readonly args: readonly string[];
  readonly channel: models.Channel;
  readonly replace_channel?: models.Channel;
}

export interface TextMessageReceived extends EventFields {
  readonly type: 'TextMessageReceived';
  readonly message: models.TextMessage;
  readonly endpoint?: models.Endpoint;
}

export type AriEvent =
  | ApplicationMoveFailed
  | ApplicationRegistered
  | ApplicationReplaced
  | ApplicationUnregistered
  | BridgeAttendedTransfer
  | BridgeBlindTransfer
  | BridgeCreated
  | BridgeDestroyed
  | BridgeMerged
  | BridgeVideoSourceChanged
  | CallBroadcast
  | CallClaimed
  | ChannelCallerId
  | ChannelConnectedLine
  | ChannelCreated
  | ChannelDestroyed
  | ChannelDialplan
  | ChannelDtmfReceived
  | ChannelEnteredBridge
  | ChannelHangupRequest
  | ChannelHold
  | ChannelLeftBridge
  | ChannelStateChange
  | ChannelTalkingFinished
  | ChannelTalkingStarted
  | ChannelToneDetected
  | ChannelTransfer
  | ChannelUnhold
  | ChannelUserevent
  | ChannelVarset
  | ContactStatusChange
  | DeviceStateChanged
  | Dial
  | EndpointStateChange
  | PeerStatusChange
  | PlaybackContinuing
  | PlaybackFinished
  | PlaybackStarted
  | RecordingFailed
  | RecordingFinished
  | RecordingStarted
  | StasisEnd
  | StasisStart
  | TextMessageReceived;

export const requiredFields: Readonly<Record<AriEvent['type'], Readonly<Record<string, 'string' | 'number' | 'boolean' | 'object' | 'list'>>>> = {
  ApplicationMoveFailed: { channel: 'object', destination: 'string', args: 'list' },
  ApplicationRegistered: {  },
  ApplicationReplaced: {  },
  ApplicationUnregistered: {  },
  BridgeAttendedTransfer: { transferer_first_leg: 'object', transferer_second_leg: 'object', result: 'string', is_external: 'boolean', destination_type: 'string' },
  BridgeBlindTransfer: { channel: 'object', exten: 'string', context: 'string', result: 'string', is_external: 'boolean' },
  BridgeCreated: { bridge: 'object' },
  BridgeDestroyed: { bridge: 'object' },
  BridgeMerged: { bridge: 'object', bridge_from: 'object' },
  BridgeVideoSourceChanged: { bridge: 'object' },
  CallBroadcast: { channel: 'object' },
  CallClaimed: { channel: 'object', winner_app: 'string' },
  ChannelCallerId: { caller_presentation: 'number', caller_presentation_txt: 'string', channel: 'object' },
  ChannelConnectedLine: { channel: 'object' },
  ChannelCreated: { channel: 'object' },
  ChannelDestroyed: { cause: 'number', cause_txt: 'string', channel: 'object' },
  ChannelDialplan: { channel: 'object', dialplan_app: 'string', dialplan_app_data: 'string' },
  ChannelDtmfReceived: { digit: 'string', duration_ms: 'number', channel: 'object' },
  ChannelEnteredBridge: { bridge: 'object' },
  ChannelHangupRequest: { channel: 'object' },
  ChannelHold: { channel: 'object' },
  ChannelLeftBridge: { bridge: 'object', channel: 'object' },
  ChannelStateChange: { channel: 'object' },
  ChannelTalkingFinished: { channel: 'object', duration: 'number' },
  ChannelTalkingStarted: { channel: 'object' },
  ChannelToneDetected: { channel: 'object' },
  ChannelTransfer: { refer_to: 'object', referred_by: 'object' },
  ChannelUnhold: { channel: 'object' },
  ChannelUserevent: { eventname: 'string', userevent: 'object' },
  ChannelVarset: { variable: 'string', value: 'string' },
  ContactStatusChange: { endpoint: 'object', contact_info: 'object' },
  DeviceStateChanged: { device_state: 'object' },
  Dial: { peer: 'object', dialstatus: 'string' },
  EndpointStateChange: { endpoint: 'object' },
  PeerStatusChange: { endpoint: 'object', peer: 'object' },
  PlaybackContinuing: { playback: 'object' },
  PlaybackFinished: { playback: 'object' },
  PlaybackStarted: { playback: 'object' },
  RecordingFailed: { recording: 'object' },
  RecordingFinished: { recording: 'object' },
  RecordingStarted: { recording: 'object' },
  StasisEnd: { channel: 'object' },
  StasisStart: { args: 'list', channel: 'object' },
  TextMessageReceived: { message: 'object' },
};
