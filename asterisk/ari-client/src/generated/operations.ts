/** Generated from the API description of Asterisk 22.10.1 by `npm run generate`. Do not edit. */

import type * as models from './models.ts';

type JsonObject = models.JsonObject;
type JsonContainer = JsonObject | readonly unknown[];

export type VariableValues = Readonly<Record<string, string | { readonly value: string; readonly report_events?: boolean }>>;

export interface Operations {
  'applications.list': {
    params: Record<never, never>;
    result: readonly models.Application[];
  };
  'applications.get': {
    params: {
      readonly applicationName: string;
    };
    result: models.Application;
  };
  'applications.subscribe': {
    params: {
      readonly applicationName: string;
      readonly eventSource: readonly (string)[];
    };
    result: models.Application;
  };
  'applications.unsubscribe': {
    params: {
      readonly applicationName: string;
      readonly eventSource: readonly (string)[];
    };
    result: models.Application;
  };
  'applications.filter': {
    params: {
      readonly applicationName: string;
      readonly filter?: JsonObject;
    };
    result: models.Application;
  };
  'asterisk.getObject': {
    params: {
      readonly configClass: string;
      readonly objectType: string;
      readonly id: string;
    };
    result: readonly models.ConfigTuple[];
  };
  'asterisk.updateObject': {
    params: {
      readonly configClass: string;
      readonly objectType: string;
      readonly id: string;
      readonly fields?: readonly models.ConfigTuple[];
    };
    result: readonly models.ConfigTuple[];
  };
  'asterisk.deleteObject': {
    params: {
      readonly configClass: string;
      readonly objectType: string;
      readonly id: string;
    };
    result: void;
  };
  'asterisk.getInfo': {
    params: {
      readonly only?: readonly ('build' | 'system' | 'config' | 'status')[];
    };
    result: models.AsteriskInfo;
  };
  'asterisk.ping': {
    params: Record<never, never>;
    result: models.AsteriskPing;
  };
  'asterisk.listModules': {
    params: Record<never, never>;
    result: readonly models.Module[];
  };
  'asterisk.getModule': {
    params: {
      readonly moduleName: string;
    };
    result: models.Module;
  };
  'asterisk.loadModule': {
    params: {
      readonly moduleName: string;
    };
    result: void;
  };
  'asterisk.unloadModule': {
    params: {
      readonly moduleName: string;
    };
    result: void;
  };
  'asterisk.reloadModule': {
    params: {
      readonly moduleName: string;
    };
    result: void;
  };
  'asterisk.listLogChannels': {
    params: Record<never, never>;
    result: readonly models.LogChannel[];
  };
  'asterisk.addLog': {
    params: {
      readonly logChannelName: string;
      readonly configuration: string;
    };
    result: void;
  };
  'asterisk.deleteLog': {
    params: {
      readonly logChannelName: string;
    };
    result: void;
  };
  'asterisk.rotateLog': {
    params: {
      readonly logChannelName: string;
    };
    result: void;
  };
  'asterisk.getGlobalVar': {
    params: {
      readonly variable: string;
    };
    result: models.Variable;
  };
  'asterisk.setGlobalVar': {
    params: {
      readonly variable: string;
      readonly value?: string;
    };
    result: void;
  };
  'bridges.list': {
    params: Record<never, never>;
    result: readonly models.Bridge[];
  };
  'bridges.create': {
    params: {
      readonly type?: string;
      readonly bridgeId?: string;
      readonly name?: string;
      readonly variables?: VariableValues;
    };
    result: models.Bridge;
  };
  'bridges.createWithId': {
    params: {
      readonly type?: string;
      readonly bridgeId: string;
      readonly name?: string;
      readonly variables?: VariableValues;
    };
    result: models.Bridge;
  };
  'bridges.get': {
    params: {
      readonly bridgeId: string;
    };
    result: models.Bridge;
  };
  'bridges.destroy': {
    params: {
      readonly bridgeId: string;
    };
    result: void;
  };
  'bridges.getBridgeVar': {
    params: {
      readonly bridgeId: string;
      readonly variable: string;
    };
    result: models.Variable;
  };
  'bridges.setBridgeVar': {
    params: {
      readonly bridgeId: string;
      readonly variable: string;
      readonly value?: string;
      readonly report_events?: boolean;
    };
    result: void;
  };
  'bridges.getBridgeVars': {
    params: {
      readonly bridgeId: string;
      readonly variables: readonly (string)[];
    };
    result: models.Variables;
  };
  'bridges.setBridgeVars': {
    params: {
      readonly bridgeId: string;
      readonly variables: VariableValues;
    };
    result: void;
  };
  'bridges.addChannel': {
    params: {
      readonly bridgeId: string;
      readonly channel: readonly (string)[];
      readonly role?: string;
      readonly absorbDTMF?: boolean;
      readonly mute?: boolean;
      readonly inhibitConnectedLineUpdates?: boolean;
    };
    result: void;
  };
  'bridges.removeChannel': {
    params: {
      readonly bridgeId: string;
      readonly channel: readonly (string)[];
    };
    result: void;
  };
  'bridges.setVideoSource': {
    params: {
      readonly bridgeId: string;
      readonly channelId: string;
    };
    result: void;
  };
  'bridges.clearVideoSource': {
    params: {
      readonly bridgeId: string;
    };
    result: void;
  };
  'bridges.startMoh': {
    params: {
      readonly bridgeId: string;
      readonly mohClass?: string;
    };
    result: void;
  };
  'bridges.stopMoh': {
    params: {
      readonly bridgeId: string;
    };
    result: void;
  };
  'bridges.play': {
    params: {
      readonly bridgeId: string;
      readonly media: readonly (string)[];
      readonly announcer_format?: string;
      readonly lang?: string;
      readonly offsetms?: number;
      readonly skipms?: number;
      readonly playbackId?: string;
    };
    result: models.Playback;
  };
  'bridges.playWithId': {
    params: {
      readonly bridgeId: string;
      readonly playbackId: string;
      readonly media: readonly (string)[];
      readonly announcer_format?: string;
      readonly lang?: string;
      readonly offsetms?: number;
      readonly skipms?: number;
    };
    result: models.Playback;
  };
  'bridges.record': {
    params: {
      readonly bridgeId: string;
      readonly name: string;
      readonly format: string;
      readonly recorder_format?: string;
      readonly maxDurationSeconds?: number;
      readonly maxSilenceSeconds?: number;
      readonly ifExists?: 'fail' | 'overwrite' | 'append';
      readonly beep?: boolean;
      readonly terminateOn?: 'none' | 'any' | '*' | '#';
    };
    result: models.LiveRecording;
  };
  'channels.list': {
    params: Record<never, never>;
    result: readonly models.Channel[];
  };
  'channels.originate': {
    params: {
      readonly endpoint: string;
      readonly extension?: string;
      readonly context?: string;
      readonly priority?: number;
      readonly label?: string;
      readonly app?: string;
      readonly appArgs?: string;
      readonly callerId?: string;
      readonly timeout?: number;
      readonly variables?: VariableValues;
      readonly channelId?: string;
      readonly otherChannelId?: string;
      readonly originator?: string;
      readonly formats?: string;
    };
    result: models.Channel;
  };
  'channels.create': {
    params: {
      readonly endpoint: string;
      readonly app: string;
      readonly appArgs?: string;
      readonly channelId?: string;
      readonly otherChannelId?: string;
      readonly originator?: string;
      readonly formats?: string;
      readonly variables?: VariableValues;
    };
    result: models.Channel;
  };
  'channels.get': {
    params: {
      readonly channelId: string;
    };
    result: models.Channel;
  };
  'channels.originateWithId': {
    params: {
      readonly channelId: string;
      readonly endpoint: string;
      readonly extension?: string;
      readonly context?: string;
      readonly priority?: number;
      readonly label?: string;
      readonly app?: string;
      readonly appArgs?: string;
      readonly callerId?: string;
      readonly timeout?: number;
      readonly variables?: VariableValues;
      readonly otherChannelId?: string;
      readonly originator?: string;
      readonly formats?: string;
    };
    result: models.Channel;
  };
  'channels.hangup': {
    params: {
      readonly channelId: string;
      readonly reason_code?: string;
      readonly reason?: 'normal' | 'busy' | 'congestion' | 'no_answer' | 'timeout' | 'rejected' | 'unallocated' | 'normal_unspecified' | 'number_incomplete' | 'codec_mismatch' | 'interworking' | 'failure' | 'answered_elsewhere';
    };
    result: void;
  };
  'channels.continueInDialplan': {
    params: {
      readonly channelId: string;
      readonly context?: string;
      readonly extension?: string;
      readonly priority?: number;
      readonly label?: string;
    };
    result: void;
  };
  'channels.move': {
    params: {
      readonly channelId: string;
      readonly app: string;
      readonly appArgs?: string;
    };
    result: void;
  };
  'channels.redirect': {
    params: {
      readonly channelId: string;
      readonly endpoint: string;
    };
    result: void;
  };
  'channels.answer': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.ring': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.ringStop': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.progress': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.sendDTMF': {
    params: {
      readonly channelId: string;
      readonly dtmf?: string;
      readonly before?: number;
      readonly between?: number;
      readonly duration?: number;
      readonly after?: number;
    };
    result: void;
  };
  'channels.mute': {
    params: {
      readonly channelId: string;
      readonly direction?: 'both' | 'in' | 'out';
    };
    result: void;
  };
  'channels.unmute': {
    params: {
      readonly channelId: string;
      readonly direction?: 'both' | 'in' | 'out';
    };
    result: void;
  };
  'channels.hold': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.unhold': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.startMoh': {
    params: {
      readonly channelId: string;
      readonly mohClass?: string;
    };
    result: void;
  };
  'channels.stopMoh': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.startSilence': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.stopSilence': {
    params: {
      readonly channelId: string;
    };
    result: void;
  };
  'channels.play': {
    params: {
      readonly channelId: string;
      readonly media: readonly (string)[];
      readonly lang?: string;
      readonly offsetms?: number;
      readonly skipms?: number;
      readonly playbackId?: string;
    };
    result: models.Playback;
  };
  'channels.playWithId': {
    params: {
      readonly channelId: string;
      readonly playbackId: string;
      readonly media: readonly (string)[];
      readonly lang?: string;
      readonly offsetms?: number;
      readonly skipms?: number;
    };
    result: models.Playback;
  };
  'channels.record': {
    params: {
      readonly channelId: string;
      readonly name: string;
      readonly format: string;
      readonly maxDurationSeconds?: number;
      readonly maxSilenceSeconds?: number;
      readonly ifExists?: 'fail' | 'overwrite' | 'append';
      readonly beep?: boolean;
      readonly terminateOn?: 'none' | 'any' | '*' | '#';
    };
    result: models.LiveRecording;
  };
  'channels.getChannelVar': {
    params: {
      readonly channelId: string;
      readonly variable: string;
    };
    result: models.Variable;
  };
  'channels.setChannelVar': {
    params: {
      readonly channelId: string;
      readonly variable: string;
      readonly value?: string;
      readonly report_events?: boolean;
    };
    result: void;
  };
  'channels.getChannelVars': {
    params: {
      readonly channelId: string;
      readonly variables: readonly (string)[];
    };
    result: models.Variables;
  };
  'channels.setChannelVars': {
    params: {
      readonly channelId: string;
      readonly variables: VariableValues;
    };
    result: void;
  };
  'channels.snoopChannel': {
    params: {
      readonly channelId: string;
      readonly spy?: 'none' | 'both' | 'out' | 'in';
      readonly whisper?: 'none' | 'both' | 'out' | 'in';
      readonly app: string;
      readonly appArgs?: string;
      readonly snoopId?: string;
    };
    result: models.Channel;
  };
  'channels.snoopChannelWithId': {
    params: {
      readonly channelId: string;
      readonly snoopId: string;
      readonly spy?: 'none' | 'both' | 'out' | 'in';
      readonly whisper?: 'none' | 'both' | 'out' | 'in';
      readonly app: string;
      readonly appArgs?: string;
    };
    result: models.Channel;
  };
  'channels.dial': {
    params: {
      readonly channelId: string;
      readonly caller?: string;
      readonly timeout?: number;
    };
    result: void;
  };
  'channels.rtpstatistics': {
    params: {
      readonly channelId: string;
    };
    result: models.RTPstat;
  };
  'channels.externalMedia': {
    params: {
      readonly channelId?: string;
      readonly app: string;
      readonly variables?: VariableValues;
      readonly external_host?: string;
      readonly encapsulation?: 'rtp' | 'audiosocket' | 'none';
      readonly transport?: 'udp' | 'tcp' | 'websocket';
      readonly connection_type?: 'client' | 'server';
      readonly format: string;
      readonly direction?: 'both';
      readonly data?: string;
      readonly transport_data?: string;
    };
    result: models.Channel;
  };
  'channels.transfer_progress': {
    params: {
      readonly channelId: string;
      readonly states: string;
    };
    result: void;
  };
  'deviceStates.list': {
    params: Record<never, never>;
    result: readonly models.DeviceState[];
  };
  'deviceStates.get': {
    params: {
      readonly deviceName: string;
    };
    result: models.DeviceState;
  };
  'deviceStates.update': {
    params: {
      readonly deviceName: string;
      readonly deviceState: 'NOT_INUSE' | 'INUSE' | 'BUSY' | 'INVALID' | 'UNAVAILABLE' | 'RINGING' | 'RINGINUSE' | 'ONHOLD';
    };
    result: void;
  };
  'deviceStates.delete': {
    params: {
      readonly deviceName: string;
    };
    result: void;
  };
  'endpoints.list': {
    params: Record<never, never>;
    result: readonly models.Endpoint[];
  };
  'endpoints.sendMessage': {
    params: {
      readonly to: string;
      readonly from: string;
      readonly body?: string;
      readonly variables?: VariableValues;
    };
    result: void;
  };
  'endpoints.refer': {
    params: {
      readonly to: string;
      readonly from: string;
      readonly refer_to: string;
      readonly to_self?: boolean;
      readonly variables?: VariableValues;
    };
    result: void;
  };
  'endpoints.listByTech': {
    params: {
      readonly tech: string;
    };
    result: readonly models.Endpoint[];
  };
  'endpoints.get': {
    params: {
      readonly tech: string;
      readonly resource: string;
    };
    result: models.Endpoint;
  };
  'endpoints.sendMessageToEndpoint': {
    params: {
      readonly tech: string;
      readonly resource: string;
      readonly from: string;
      readonly body?: string;
      readonly variables?: VariableValues;
    };
    result: void;
  };
  'endpoints.referToEndpoint': {
    params: {
      readonly tech: string;
      readonly resource: string;
      readonly from: string;
      readonly refer_to: string;
      readonly to_self?: boolean;
      readonly variables?: VariableValues;
    };
    result: void;
  };
  'events.userEvent': {
    params: {
      readonly eventName: string;
      readonly application: string;
      readonly source?: readonly (string)[];
      readonly variables?: VariableValues;
    };
    result: void;
  };
  'events.claimChannel': {
    params: {
      readonly channelId: string;
      readonly application: string;
    };
    result: void;
  };
  'mailboxes.list': {
    params: Record<never, never>;
    result: readonly models.Mailbox[];
  };
  'mailboxes.get': {
    params: {
      readonly mailboxName: string;
    };
    result: models.Mailbox;
  };
  'mailboxes.update': {
    params: {
      readonly mailboxName: string;
      readonly oldMessages: number;
      readonly newMessages: number;
    };
    result: void;
  };
  'mailboxes.delete': {
    params: {
      readonly mailboxName: string;
    };
    result: void;
  };
  'playbacks.get': {
    params: {
      readonly playbackId: string;
    };
    result: models.Playback;
  };
  'playbacks.stop': {
    params: {
      readonly playbackId: string;
    };
    result: void;
  };
  'playbacks.control': {
    params: {
      readonly playbackId: string;
      readonly operation: 'restart' | 'pause' | 'unpause' | 'reverse' | 'forward';
    };
    result: void;
  };
  'recordings.listStored': {
    params: Record<never, never>;
    result: readonly models.StoredRecording[];
  };
  'recordings.getStored': {
    params: {
      readonly recordingName: string;
    };
    result: models.StoredRecording;
  };
  'recordings.deleteStored': {
    params: {
      readonly recordingName: string;
    };
    result: void;
  };
  'recordings.getStoredFile': {
    params: {
      readonly recordingName: string;
    };
    result: Uint8Array;
  };
  'recordings.copyStored': {
    params: {
      readonly recordingName: string;
      readonly destinationRecordingName: string;
    };
    result: models.StoredRecording;
  };
  'recordings.getLive': {
    params: {
      readonly recordingName: string;
    };
    result: models.LiveRecording;
  };
  'recordings.cancel': {
    params: {
      readonly recordingName: string;
    };
    result: void;
  };
  'recordings.stop': {
    params: {
      readonly recordingName: string;
    };
    result: void;
  };
  'recordings.pause': {
    params: {
      readonly recordingName: string;
    };
    result: void;
  };
  'recordings.unpause': {
    params: {
      readonly recordingName: string;
    };
    result: void;
  };
  'recordings.mute': {
    params: {
      readonly recordingName: string;
    };
    result: void;
  };
  'recordings.unmute': {
    params: {
      readonly recordingName: string;
    };
    result: void;
  };
  'sounds.list': {
    params: {
      readonly lang?: string;
      readonly format?: string;
    };
    result: readonly models.Sound[];
  };
  'sounds.get': {
    params: {
      readonly soundId: string;
    };
    result: models.Sound;
  };
}

export interface OperationRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly result: 'void' | 'json' | 'binary';
  readonly body?: { readonly name: string; readonly wrapped: boolean };
}

export const operations: Readonly<Record<keyof Operations, OperationRoute>> = {
  'applications.list': { method: 'GET', path: '/applications', result: 'json' },
  'applications.get': { method: 'GET', path: '/applications/{applicationName}', result: 'json' },
  'applications.subscribe': { method: 'POST', path: '/applications/{applicationName}/subscription', result: 'json' },
  'applications.unsubscribe': { method: 'DELETE', path: '/applications/{applicationName}/subscription', result: 'json' },
  'applications.filter': { method: 'PUT', path: '/applications/{applicationName}/eventFilter', result: 'json', body: { name: 'filter', wrapped: false } },
  'asterisk.getObject': { method: 'GET', path: '/asterisk/config/dynamic/{configClass}/{objectType}/{id}', result: 'json' },
  'asterisk.updateObject': { method: 'PUT', path: '/asterisk/config/dynamic/{configClass}/{objectType}/{id}', result: 'json', body: { name: 'fields', wrapped: true } },
  'asterisk.deleteObject': { method: 'DELETE', path: '/asterisk/config/dynamic/{configClass}/{objectType}/{id}', result: 'void' },
  'asterisk.getInfo': { method: 'GET', path: '/asterisk/info', result: 'json' },
  'asterisk.ping': { method: 'GET', path: '/asterisk/ping', result: 'json' },
  'asterisk.listModules': { method: 'GET', path: '/asterisk/modules', result: 'json' },
  'asterisk.getModule': { method: 'GET', path: '/asterisk/modules/{moduleName}', result: 'json' },
  'asterisk.loadModule': { method: 'POST', path: '/asterisk/modules/{moduleName}', result: 'void' },
  'asterisk.unloadModule': { method: 'DELETE', path: '/asterisk/modules/{moduleName}', result: 'void' },
  'asterisk.reloadModule': { method: 'PUT', path: '/asterisk/modules/{moduleName}', result: 'void' },
  'asterisk.listLogChannels': { method: 'GET', path: '/asterisk/logging', result: 'json' },
  'asterisk.addLog': { method: 'POST', path: '/asterisk/logging/{logChannelName}', result: 'void' },
  'asterisk.deleteLog': { method: 'DELETE', path: '/asterisk/logging/{logChannelName}', result: 'void' },
  'asterisk.rotateLog': { method: 'PUT', path: '/asterisk/logging/{logChannelName}/rotate', result: 'void' },
  'asterisk.getGlobalVar': { method: 'GET', path: '/asterisk/variable', result: 'json' },
  'asterisk.setGlobalVar': { method: 'POST', path: '/asterisk/variable', result: 'void' },
  'bridges.list': { method: 'GET', path: '/bridges', result: 'json' },
  'bridges.create': { method: 'POST', path: '/bridges', result: 'json', body: { name: 'variables', wrapped: true } },
  'bridges.createWithId': { method: 'POST', path: '/bridges/{bridgeId}', result: 'json', body: { name: 'variables', wrapped: true } },
  'bridges.get': { method: 'GET', path: '/bridges/{bridgeId}', result: 'json' },
  'bridges.destroy': { method: 'DELETE', path: '/bridges/{bridgeId}', result: 'void' },
  'bridges.getBridgeVar': { method: 'GET', path: '/bridges/{bridgeId}/variable', result: 'json' },
  'bridges.setBridgeVar': { method: 'POST', path: '/bridges/{bridgeId}/variable', result: 'void' },
  'bridges.getBridgeVars': { method: 'GET', path: '/bridges/{bridgeId}/variables', result: 'json' },
  'bridges.setBridgeVars': { method: 'POST', path: '/bridges/{bridgeId}/variables', result: 'void', body: { name: 'variables', wrapped: true } },
  'bridges.addChannel': { method: 'POST', path: '/bridges/{bridgeId}/addChannel', result: 'void' },
  'bridges.removeChannel': { method: 'POST', path: '/bridges/{bridgeId}/removeChannel', result: 'void' },
  'bridges.setVideoSource': { method: 'POST', path: '/bridges/{bridgeId}/videoSource/{channelId}', result: 'void' },
  'bridges.clearVideoSource': { method: 'DELETE', path: '/bridges/{bridgeId}/videoSource', result: 'void' },
  'bridges.startMoh': { method: 'POST', path: '/bridges/{bridgeId}/moh', result: 'void' },
  'bridges.stopMoh': { method: 'DELETE', path: '/bridges/{bridgeId}/moh', result: 'void' },
  'bridges.play': { method: 'POST', path: '/bridges/{bridgeId}/play', result: 'json' },
  'bridges.playWithId': { method: 'POST', path: '/bridges/{bridgeId}/play/{playbackId}', result: 'json' },
  'bridges.record': { method: 'POST', path: '/bridges/{bridgeId}/record', result: 'json' },
  'channels.list': { method: 'GET', path: '/channels', result: 'json' },
  'channels.originate': { method: 'POST', path: '/channels', result: 'json', body: { name: 'variables', wrapped: true } },
  'channels.create': { method: 'POST', path: '/channels/create', result: 'json', body: { name: 'variables', wrapped: true } },
  'channels.get': { method: 'GET', path: '/channels/{channelId}', result: 'json' },
  'channels.originateWithId': { method: 'POST', path: '/channels/{channelId}', result: 'json', body: { name: 'variables', wrapped: true } },
  'channels.hangup': { method: 'DELETE', path: '/channels/{channelId}', result: 'void' },
  'channels.continueInDialplan': { method: 'POST', path: '/channels/{channelId}/continue', result: 'void' },
  'channels.move': { method: 'POST', path: '/channels/{channelId}/move', result: 'void' },
  'channels.redirect': { method: 'POST', path: '/channels/{channelId}/redirect', result: 'void' },
  'channels.answer': { method: 'POST', path: '/channels/{channelId}/answer', result: 'void' },
  'channels.ring': { method: 'POST', path: '/channels/{channelId}/ring', result: 'void' },
  'channels.ringStop': { method: 'DELETE', path: '/channels/{channelId}/ring', result: 'void' },
  'channels.progress': { method: 'POST', path: '/channels/{channelId}/progress', result: 'void' },
  'channels.sendDTMF': { method: 'POST', path: '/channels/{channelId}/dtmf', result: 'void' },
  'channels.mute': { method: 'POST', path: '/channels/{channelId}/mute', result: 'void' },
  'channels.unmute': { method: 'DELETE', path: '/channels/{channelId}/mute', result: 'void' },
  'channels.hold': { method: 'POST', path: '/channels/{channelId}/hold', result: 'void' },
  'channels.unhold': { method: 'DELETE', path: '/channels/{channelId}/hold', result: 'void' },
  'channels.startMoh': { method: 'POST', path: '/channels/{channelId}/moh', result: 'void' },
  'channels.stopMoh': { method: 'DELETE', path: '/channels/{channelId}/moh', result: 'void' },
  'channels.startSilence': { method: 'POST', path: '/channels/{channelId}/silence', result: 'void' },
  'channels.stopSilence': { method: 'DELETE', path: '/channels/{channelId}/silence', result: 'void' },
  'channels.play': { method: 'POST', path: '/channels/{channelId}/play', result: 'json' },
  'channels.playWithId': { method: 'POST', path: '/channels/{channelId}/play/{playbackId}', result: 'json' },
  'channels.record': { method: 'POST', path: '/channels/{channelId}/record', result: 'json' },
  'channels.getChannelVar': { method: 'GET', path: '/channels/{channelId}/variable', result: 'json' },
  'channels.setChannelVar': { method: 'POST', path: '/channels/{channelId}/variable', result: 'void' },
  'channels.getChannelVars': { method: 'GET', path: '/channels/{channelId}/variables', result: 'json' },
  'channels.setChannelVars': { method: 'POST', path: '/channels/{channelId}/variables', result: 'void', body: { name: 'variables', wrapped: true } },
  'channels.snoopChannel': { method: 'POST', path: '/channels/{channelId}/snoop', result: 'json' },
  'channels.snoopChannelWithId': { method: 'POST', path: '/channels/{channelId}/snoop/{snoopId}', result: 'json' },
  'channels.dial': { method: 'POST', path: '/channels/{channelId}/dial', result: 'void' },
  'channels.rtpstatistics': { method: 'GET', path: '/channels/{channelId}/rtp_statistics', result: 'json' },
  'channels.externalMedia': { method: 'POST', path: '/channels/externalMedia', result: 'json', body: { name: 'variables', wrapped: true } },
  'channels.transfer_progress': { method: 'POST', path: '/channels/{channelId}/transfer_progress', result: 'void' },
  'deviceStates.list': { method: 'GET', path: '/deviceStates', result: 'json' },
  'deviceStates.get': { method: 'GET', path: '/deviceStates/{deviceName}', result: 'json' },
  'deviceStates.update': { method: 'PUT', path: '/deviceStates/{deviceName}', result: 'void' },
  'deviceStates.delete': { method: 'DELETE', path: '/deviceStates/{deviceName}', result: 'void' },
  'endpoints.list': { method: 'GET', path: '/endpoints', result: 'json' },
  'endpoints.sendMessage': { method: 'PUT', path: '/endpoints/sendMessage', result: 'void', body: { name: 'variables', wrapped: true } },
  'endpoints.refer': { method: 'POST', path: '/endpoints/refer', result: 'void', body: { name: 'variables', wrapped: true } },
  'endpoints.listByTech': { method: 'GET', path: '/endpoints/{tech}', result: 'json' },
  'endpoints.get': { method: 'GET', path: '/endpoints/{tech}/{resource}', result: 'json' },
  'endpoints.sendMessageToEndpoint': { method: 'PUT', path: '/endpoints/{tech}/{resource}/sendMessage', result: 'void', body: { name: 'variables', wrapped: true } },
  'endpoints.referToEndpoint': { method: 'POST', path: '/endpoints/{tech}/{resource}/refer', result: 'void', body: { name: 'variables', wrapped: true } },
  'events.userEvent': { method: 'POST', path: '/events/user/{eventName}', result: 'void', body: { name: 'variables', wrapped: true } },
  'events.claimChannel': { method: 'POST', path: '/events/claim', result: 'void' },
  'mailboxes.list': { method: 'GET', path: '/mailboxes', result: 'json' },
  'mailboxes.get': { method: 'GET', path: '/mailboxes/{mailboxName}', result: 'json' },
  'mailboxes.update': { method: 'PUT', path: '/mailboxes/{mailboxName}', result: 'void' },
  'mailboxes.delete': { method: 'DELETE', path: '/mailboxes/{mailboxName}', result: 'void' },
  'playbacks.get': { method: 'GET', path: '/playbacks/{playbackId}', result: 'json' },
  'playbacks.stop': { method: 'DELETE', path: '/playbacks/{playbackId}', result: 'void' },
  'playbacks.control': { method: 'POST', path: '/playbacks/{playbackId}/control', result: 'void' },
  'recordings.listStored': { method: 'GET', path: '/recordings/stored', result: 'json' },
  'recordings.getStored': { method: 'GET', path: '/recordings/stored/{recordingName}', result: 'json' },
  'recordings.deleteStored': { method: 'DELETE', path: '/recordings/stored/{recordingName}', result: 'void' },
  'recordings.getStoredFile': { method: 'GET', path: '/recordings/stored/{recordingName}/file', result: 'binary' },
  'recordings.copyStored': { method: 'POST', path: '/recordings/stored/{recordingName}/copy', result: 'json' },
  'recordings.getLive': { method: 'GET', path: '/recordings/live/{recordingName}', result: 'json' },
  'recordings.cancel': { method: 'DELETE', path: '/recordings/live/{recordingName}', result: 'void' },
  'recordings.stop': { method: 'POST', path: '/recordings/live/{recordingName}/stop', result: 'void' },
  'recordings.pause': { method: 'POST', path: '/recordings/live/{recordingName}/pause', result: 'void' },
  'recordings.unpause': { method: 'DELETE', path: '/recordings/live/{recordingName}/pause', result: 'void' },
  'recordings.mute': { method: 'POST', path: '/recordings/live/{recordingName}/mute', result: 'void' },
  'recordings.unmute': { method: 'DELETE', path: '/recordings/live/{recordingName}/mute', result: 'void' },
  'sounds.list': { method: 'GET', path: '/sounds', result: 'json' },
  'sounds.get': { method: 'GET', path: '/sounds/{soundId}', result: 'json' },
};
