"""The structs and functions of libdoors_caddy for ctypes. Generated from include/doors_caddy.h by `make header`. Do not edit."""

from ctypes import POINTER, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any

from .integers import Structure


class CError(Structure):
    _fields_ = [
        ("status", c_int32),
        ("index", c_uint32),
        ("message", c_char * 512),
    ]


class CAddr(Structure):
    _fields_ = [
        ("bytes", c_uint8 * 16),
        ("len", c_uint32),
    ]


class CDecision(Structure):
    _fields_ = [
        ("kind", c_uint32),
        ("reason", c_uint32),
        ("upstream", c_uint32),
        ("key", c_uint32),
        ("port", c_uint16),
        ("path", c_uint16),
        ("addr", CAddr),
        ("reserved", c_uint32 * 4),
    ]


class CLimits(Structure):
    _fields_ = [
        ("max_pods", c_uint32),
        ("max_waiting", c_uint32),
        ("max_lookups", c_uint32),
        ("max_slow_lookups", c_uint32),
        ("refreshes_per_second", c_uint32),
        ("reserved", c_uint32 * 3),
    ]


class COptions(Structure):
    _fields_ = [
        ("gone_after", c_int64),
        ("drain_max", c_int64),
        ("roll_time", c_int64),
        ("page_wait", c_int64),
        ("refresh", c_int64),
        ("stale_max", c_int64),
        ("first_lookup", c_int64),
        ("resolver", c_uint64),
        ("gone_rate", c_uint32),
        ("flags", c_uint32),
        ("reserved", c_uint64 * 2),
    ]


class CPod(Structure):
    _fields_ = [
        ("addr", CAddr),
        ("port", c_uint16),
        ("reserved", c_uint16),
    ]


class CKnownPod(Structure):
    _fields_ = [
        ("pod", CPod),
        ("upstream", c_uint64),
        ("first_seen", c_int64),
        ("last_seen", c_int64),
        ("unreachable_since", c_int64),
        ("marked_since", c_int64),
        ("draining_since", c_int64),
        ("drained_since", c_int64),
        ("evicted_since", c_int64),
        ("refused", c_uint64),
        ("in_flight", c_uint32),
        ("streams", c_uint32),
        ("verdict", c_uint32),
        ("fresh", c_uint32),
        ("marked", c_uint32),
        ("reserved", c_uint32 * 3),
    ]


class CIdle(Structure):
    _fields_ = [
        ("answer", c_uint32),
        ("in_flight", c_uint32),
        ("streams", c_uint32),
        ("used", c_uint32),
        ("last_seen", c_int64),
        ("wait", c_int64),
    ]


class CEviction(Structure):
    _fields_ = [
        ("addr", CAddr),
        ("bits", c_uint32),
        ("upstream", c_uint64),
        ("rate", c_uint32),
        ("flags", c_uint32),
        ("since", c_int64),
        ("told", c_uint64),
        ("reserved", c_uint64 * 2),
    ]


class CEvent(Structure):
    _fields_ = [
        ("number", c_uint64),
        ("at", c_int64),
        ("upstream", c_uint64),
        ("pod", CPod),
        ("bits", c_uint32),
        ("kind", c_uint32),
        ("pages", c_uint32),
        ("reserved", c_uint32),
    ]


class CLookup(Structure):
    _fields_ = [
        ("host", c_uint64),
        ("resolver", c_uint64),
        ("name_len", c_uint32),
        ("name", c_char * 256),
        ("reserved", c_uint32),
    ]


class CHostReport(Structure):
    _fields_ = [
        ("change", c_uint32),
        ("flags", c_uint32),
    ]


class CHostState(Structure):
    _fields_ = [
        ("resolver", c_uint64),
        ("generation", c_uint64),
        ("age", c_int64),
        ("failing_for", c_int64),
        ("refresh", c_int64),
        ("failure", c_uint32),
        ("users", c_uint32),
        ("active", c_uint32),
        ("partial", c_uint32),
        ("reserved", c_uint32),
        ("name_len", c_uint32),
        ("name", c_char * 256),
    ]


class CReport(Structure):
    _fields_ = [
        ("flags", c_uint32),
        ("suppressed", c_uint32),
        ("dropped_host", c_uint64),
        ("dropped_addr", CAddr),
        ("changed_upstream", c_uint32),
        ("changed_pod", CPod),
        ("changed_verdict", c_uint32),
        ("draining_upstream", c_uint32),
        ("draining_pod", CPod),
        ("draining", c_uint32),
        ("background_upstream", c_uint32),
        ("background_pod", CPod),
        ("outside_upstream", c_uint32),
        ("outside_addr", CAddr),
        ("reserved", c_uint32 * 2),
    ]


class CRequest(Structure):
    _fields_ = [
        ("opaque", c_uint64 * 40),
    ]


class CStep(Structure):
    _fields_ = [
        ("kind", c_uint32),
        ("upstream", c_uint32),
        ("pod", CPod),
        ("probe", c_uint32),
        ("status", c_uint32),
        ("retry_after", c_uint32),
        ("cause", c_uint32),
        ("page", c_uint32),
        ("last_choice", c_uint32),
        ("until", c_int64),
        ("report", CReport),
    ]


class CPlace(Structure):
    _fields_ = [
        ("upstream", c_uint32),
        ("tier", c_uint32),
        ("pod", CPod),
    ]


FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "doors_status_str": (c_char_p, c_int32),
    "doors_decision_str": (c_char_p, c_uint32),
    "doors_reason_str": (c_char_p, c_uint32),
    "doors_path_str": (c_char_p, c_uint32),
    "doors_step_str": (c_char_p, c_uint32),
    "doors_cause_str": (c_char_p, c_uint32),
    "doors_event_str": (c_char_p, c_uint32),
    "doors_lookup_str": (c_char_p, c_uint32),
    "doors_host_str": (c_char_p, c_uint32),
    "doors_outcome_str": (c_char_p, c_uint32),
    "doors_verdict_str": (c_char_p, c_uint32),
    "doors_idle_str": (c_char_p, c_uint32),
    "doors_version": (c_char_p,),
    "doors_abi": (c_uint32,),
    "doors_cipher_new": (c_int32, c_char_p, c_size_t, POINTER(c_void_p), POINTER(CError)),
    "doors_cipher_encode": (c_int32, c_void_p, POINTER(CAddr), c_char_p, c_size_t, POINTER(c_size_t)),
    "doors_cipher_decode": (c_int32, c_void_p, c_char_p, c_size_t, POINTER(CAddr), POINTER(c_uint32)),
    "doors_cipher_keys": (c_int32, c_void_p, POINTER(c_uint32)),
    "doors_cipher_key_id": (c_int32, c_void_p, c_uint32, c_char_p),
    "doors_cipher_free": (None, c_void_p),
    "doors_cidrs_new": (c_int32, c_char_p, c_size_t, POINTER(c_void_p), POINTER(CError)),
    "doors_cidrs_lookup": (c_int32, c_void_p, POINTER(CAddr), POINTER(c_uint32)),
    "doors_cidrs_free": (None, c_void_p),
    "doors_router_new": (c_int32, c_char_p, c_size_t, POINTER(c_void_p), POINTER(CError)),
    "doors_router_decide": (c_int32, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(CDecision)),
    "doors_router_lookup": (c_int32, c_void_p, POINTER(CAddr), POINTER(c_uint32)),
    "doors_router_upstreams": (c_int32, c_void_p, POINTER(c_uint32)),
    "doors_router_upstream": (c_int32, c_void_p, c_uint32, c_char_p, POINTER(c_uint16)),
    "doors_router_keys": (c_int32, c_void_p, POINTER(c_uint32)),
    "doors_router_key_id": (c_int32, c_void_p, c_uint32, c_char_p),
    "doors_router_warning": (c_int32, c_void_p, c_uint32, POINTER(CError)),
    "doors_router_free": (None, c_void_p),
    "doors_check": (c_int32, c_uint32, c_char_p, c_size_t, POINTER(CError)),
    "doors_limits_init": (c_int32, POINTER(CLimits)),
    "doors_options_init": (c_int32, POINTER(COptions)),
    "doors_state_new": (c_int32, POINTER(CLimits), POINTER(c_void_p)),
    "doors_state_limit": (c_int32, c_void_p, c_uint32),
    "doors_state_pods": (c_int32, c_void_p, POINTER(CPod), POINTER(CKnownPod), c_size_t, POINTER(c_size_t), POINTER(c_size_t)),
    "doors_state_verdict": (c_int32, c_void_p, POINTER(CPod), POINTER(c_uint32)),
    "doors_state_idle": (c_int32, c_void_p, POINTER(CAddr), c_int64, c_int64, c_int64, POINTER(CIdle)),
    "doors_state_free": (None, c_void_p),
    "doors_state_evict": (c_int32, c_void_p, POINTER(CEviction), c_int64),
    "doors_state_undo": (c_int32, c_void_p, POINTER(CEviction), c_int64),
    "doors_state_evictions": (c_int32, c_void_p, POINTER(CEviction), c_size_t, POINTER(c_size_t)),
    "doors_state_events": (c_int32, c_void_p, c_uint64, POINTER(CEvent), c_size_t, POINTER(c_size_t)),
    "doors_state_due": (c_int32, c_void_p, c_int64, c_uint64, POINTER(CLookup), c_size_t, POINTER(c_size_t), POINTER(c_int64)),
    "doors_state_resolved": (c_int32, c_void_p, c_uint64, POINTER(CAddr), c_size_t, c_uint32, c_uint32, c_int64, c_uint64, POINTER(CHostReport)),
    "doors_state_resolved_late": (c_int32, c_void_p, c_uint64, POINTER(CAddr), c_size_t, c_int64, POINTER(CHostReport)),
    "doors_state_lookup_failed": (c_int32, c_void_p, c_uint64, c_uint32, c_int64, c_uint64, POINTER(CHostReport)),
    "doors_state_host": (c_int32, c_void_p, c_uint64, c_int64, POINTER(CHostState), POINTER(CAddr), c_size_t, POINTER(c_size_t)),
    "doors_source_new": (c_int32, c_void_p, c_char_p, c_size_t, POINTER(COptions), POINTER(c_void_p), POINTER(CError)),
    "doors_source_router": (c_void_p, c_void_p),
    "doors_source_dialled": (c_int32, c_void_p, c_uint32, POINTER(CPod), c_uint32, c_int64, c_uint64, POINTER(CReport)),
    "doors_source_use": (c_int32, c_void_p, c_uint32, c_int64, POINTER(CReport)),
    "doors_source_upstream": (c_int32, c_void_p, c_uint32, POINTER(c_uint64), POINTER(c_uint64)),
    "doors_source_fresh": (c_int32, c_void_p, c_uint32, POINTER(CPod), c_size_t, POINTER(c_size_t), POINTER(c_size_t)),
    "doors_source_free": (None, c_void_p),
    "doors_request_begin": (c_int32, c_void_p, c_uint32, c_uint32, c_char_p, c_size_t, c_char_p, c_size_t, c_int64, c_uint64, POINTER(CRequest), POINTER(CStep)),
    "doors_request_next": (c_int32, c_void_p, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_failed": (c_int32, c_void_p, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_resume": (c_int32, c_void_p, POINTER(CRequest), c_int64, c_uint64, POINTER(CStep)),
    "doors_request_choices": (c_int32, c_void_p, POINTER(CRequest), c_int64, POINTER(CPlace), c_size_t, POINTER(c_size_t), POINTER(CReport)),
    "doors_request_chose": (c_int32, c_void_p, POINTER(CRequest), c_uint32, POINTER(CPod), c_int64, POINTER(CStep)),
    "doors_request_chose_none": (c_int32, c_void_p, POINTER(CRequest), c_int64, c_uint64, POINTER(CStep)),
    "doors_request_give_up": (c_int32, c_void_p, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_answered": (c_int32, c_void_p, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_ended": (c_int32, c_void_p, POINTER(CRequest), c_int64),
    "doors_request_decision": (c_int32, c_void_p, POINTER(CRequest), POINTER(CDecision)),
}
"""The types of the result and the parameters of each function."""
