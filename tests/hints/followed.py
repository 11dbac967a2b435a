"""Hints that tests of their own follow, each on the input that raises it."""

_PVE = "tests/unit/design/test_check_pve"

_PATHS = "tests/unit/recognise/test_lost_paths.py"

_PUBLISH = "tests/cluster/test_publish.py"

_CONFIRM = "tests/cluster/test_confirm.py"

_TRACE = "tests/cluster/test_trace.py"

_LOOKING = "tests/cli/test_hints_of_looking.py::test_who_does_as_a_verb_says_is_served"

FOLLOWED = {
    "tests/cli/test_report.py::test_a_report_is_not_written_into_a_picture": (
        ("cli/verbs/report.py", "name it .html; pvesdn topology --live draws pictures"),
    ),
    "tests/cli/test_status.py::test_a_zone_that_is_only_in_the_edited_file_is_there_once_it_was_applied": (
        ("cli/verdict.py", "pvesdn plan shows what comes of it, pvesdn apply does it"),
    ),
    _LOOKING: (
        *((f"cli/verbs/{verb}.py", "leave one of them out") for verb in ("status", "topology", "trace", "verify")),
        ("cli/verbs/topology.py", "pipe --format dot into dot -T.*"),
        ("cli/exposing.py", "leave one of them out"),
        ("cli/drawing.py", "choose another place"),
    ),
    "tests/cli/test_metrics.py::test_whoever_makes_the_folder_gets_the_file": (
        ("cli/exposing.py", "name a file in node_exporter's folder, .*"),
    ),
    "tests/cli/test_metrics.py::test_whoever_names_a_free_port_instead_of_a_taken_one_is_served": (
        ("cli/scraping.py", "name an address of this machine and a port that is free"),
    ),
    "tests/cli/test_watch_metrics.py::test_whoever_names_a_file_gets_it": (
        ("cli/watch_metrics.py", r"set \[metrics\] textfile"),
    ),
    f"{_TRACE}::test_who_does_as_a_message_says_is_told_the_way": (
        ("compare/trace_names.py", "'pvesh get /cluster/resources --type vm' lists them"),
        ("compare/trace_names.py", "give the id of one"),
        ("compare/trace_names.py", "give id:.* or name:.*"),
        ("compare/trace_names.py", ".*give a guest's id or name, or an address"),
        ("compare/trace_ends.py", "give the id of one"),
        ("compare/trace_ends.py", "name one: .*"),
        ("compare/trace_ends.py", "give .*"),
        ("compare/trace_ends.py", "give a guest, or an address of one"),
        ("compare/trace_ends.py", "give two ends"),
        ("compare/trace_families.py", "give two addresses of one version, or the ids of guests"),
    ),
    f"{_TRACE}::test_names_that_the_token_may_not_read_are_not_taken_for_none": (
        ("compare/trace_names.py", ".*give a guest's id, or an address; with VM.Audit on /vms a token may read names"),
    ),
    f"{_TRACE}::test_a_guest_that_may_be_on_a_node_that_is_off_is_not_denied": (
        ("compare/trace_names.py", "with VM.Audit on /vms a token may read where guests are"),
    ),
    "tests/cluster/test_carried_crossing.py::test_guests_stay_in_their_network_as_a_section_with_their_vni": (
        ("design/carried/keeping.py", "give it tag .*"),
    ),
    "tests/cluster/test_carried_crossing.py::test_sections_that_change_places_and_keep_their_vnis_take_their_guests_along": (
        ("design/carried/exchanging.py", "unplug them, or keep the VNIs: .*; or use --detach-guests"),
    ),
    "tests/cluster/test_carried_crossing.py::test_guests_whose_number_a_new_section_gets_take_along_one_that_is_nobodys": (
        (
            "design/carried/exchanging.py",
            "unplug them, or choose a VNI that no other VNet has; or use --detach-guests",
        ),
    ),
    "tests/cluster/test_carried_refused.py::test_a_range_that_is_extended_has_numbers_for_all": (
        ("design/carried/allotting.py", "extend the range"),
    ),
    "tests/cluster/test_carried_refused.py::test_a_vnet_gets_the_number_of_one_that_was_deleted_together_once_that_is_off_the_nodes": (
        (
            "design/carried/allotting.py",
            "extend the range; or delete vnet .*, run pvesdn apply, which takes VNI .* off the nodes, and draw it again",
        ),
    ),
    "tests/cluster/test_carried.py::test_the_panels_button_alone_is_told_and_mended": (
        ("design/checks/uncarried.py", "run pvesdn apply; PVE's own Apply does not carry VNets"),
    ),
    "tests/cluster/test_carried.py::test_a_carried_zone_whose_deletion_is_pending_stops_the_plan_and_both_ways_out_are_named": (
        ("design/checks/carried.py", "`pvesh create /cluster/sdn/rollback` on a node discards .*"),
    ),
    "tests/cluster/test_carried.py::test_who_goes_back_to_before_a_pin_renumbers_no_vnet_that_runs": (
        ("workflows/draft.py", "to have another one, pin that: .*"),
    ),
    f"{_CONFIRM}::test_who_waits_or_makes_the_node_answer_can_confirm": (
        ("workflows/confirmation.py", "make the node answer and try again; .*"),
    ),
    f"{_CONFIRM}::test_who_waits_until_an_apply_that_is_at_work_waits_can_confirm_it": (
        ("workflows/confirmation.py", "wait until it says that it waits; .*"),
    ),
    f"{_CONFIRM}::test_who_comes_too_late_plans_and_applies_again": (
        ("workflows/confirmation.py", "the nodes put themselves back; run pvesdn plan, then pvesdn apply"),
    ),
    f"{_CONFIRM}::test_who_rolls_back_after_a_node_has_put_itself_back_has_the_former_network_everywhere": (
        ("workflows/confirmation.py", "run pvesdn rollback, then plan"),
    ),
    f"{_CONFIRM}::test_who_names_one_of_several_rolls_that_one_back": (
        ("workflows/confirmation.py", "name the one that is meant|pvesdn confirm --status.*"),
    ),
    f"{_CONFIRM}::test_where_a_node_was_not_told_the_next_apply_brings_it_up_to_date": (
        ("workflows/confirmation.py", "run pvesdn plan|run pvesdn plan, then pvesdn apply"),
    ),
    f"{_CONFIRM}::test_who_applies_without_confirm_where_pve_commits_gets_through": (
        ("workflows/rehearsal.py", "apply without --confirm, .*"),
    ),
    f"{_CONFIRM}::test_a_node_that_puts_itself_back_after_the_last_look_is_noticed_before_anything_is_kept": (
        ("workflows/heartbeat.py", "see `journalctl -u pvesdn-undo` there, .*"),
    ),
    f"{_PATHS}::test_what_brings_the_routes_is_kept_by_the_lines_that_are_shown": (
        ("recognise/lost_paths.py", "write the lines shown .*"),
    ),
    f"{_PATHS}::test_who_writes_the_routes_into_the_interfaces_file_is_not_warned_again": (
        ("recognise/lost_paths.py", "write routes to them .*|move each to .*"),
    ),
    "tests/laws/test_pve_hints.py::test_ranges_come_right_by_following_one_hint_after_the_other": (
        ("decode/definitions/pve_dhcp.py", "write one range for both: .*|remove it: it has no other address"),
    ),
    "tests/laws/test_pve_hints.py::test_an_mtu_comes_right_by_either_half_of_its_hint": (
        ("design/checks/pve_mtu.py", ".*"),
    ),
    f"{_PVE}_peers.py::test_who_adds_what_the_hint_says_is_not_warned_again": (
        ("design/checks/pve_peers.py", "remove .* from the peers of one of the two in PVE|remove controller .*"),
    ),
    f"{_PVE}_exits.py::test_both_cures_of_the_hint_are_what_the_next_plan_takes": (
        ("design/checks/pve_exits.py", "set .* = 1 .*|.* to the stanza of the device"),
    ),
    f"{_PVE}_routes.py::test_a_hint_that_is_followed_leaves_nothing_to_say": (
        ("design/checks/pve_routes.py", "add a route to .*|add an IPv.* default route there.*"),
        ("design/pve/frr.py", "add a route to .*"),
    ),
    f"{_PVE}_sessions.py::test_both_hints_are_what_the_next_plan_takes": (
        (
            "design/checks/pve_sessions.py",
            "list .* instead of .*|give .* a BGP controller .*|name .* as loopback of .*",
        ),
    ),
    "tests/unit/compare/test_frr_local.py::test_who_follows_the_hint_of_a_lost_line_is_not_warned_again": (
        ("design/merge/advice.py", ".*"),
        ("design/merge/local.py", "write 'router bgp .*'|remove it with '.*' on line .*"),
    ),
    "tests/cluster/test_apply.py::test_edits_by_hand_are_refused_until_told": (
        ("compare/obstacles.py", "check it with --diff, then use --overwrite to replace it"),
    ),
    "tests/cluster/test_apply.py::test_a_vnet_with_guests_does_not_go_without_being_told": (
        ("compare/obstacles.py", "move the guests first, or use --detach-guests"),
    ),
    "tests/cluster/test_carried.py::test_a_vnet_that_is_kept_goes_with_the_last_guest": (
        ("design/carried/keeping.py", "unplug them, and the next pvesdn apply removes it; or use --detach-guests"),
    ),
    "tests/cluster/test_carried.py::test_guests_do_not_cross_unasked_though_the_zone_that_they_leave_is_gone": (
        ("design/carried/keeping.py", "unplug them, or keep their VNI: .*; or use --detach-guests"),
    ),
    "tests/cluster/test_carried.py::test_guests_do_not_cross_into_the_network_of_another_zone_unasked": (
        (
            "design/carried/keeping.py",
            "unplug them, or move it to zone .*, or have zone .* carry .*; or use --detach-guests",
        ),
    ),
    "tests/unit/compare/test_way_in.py::test_a_plan_that_would_change_the_bridge_of_the_way_in_needs_a_word_for_each_node": (
        ("compare/obstacles.py", "check it with --diff, then use --allow-management .*"),
    ),
    "tests/cli/test_apply_node.py::test_an_address_is_never_on_two_nodes": (
        ("compare/parting.py", "add --node .*, or apply without --node"),
    ),
    "tests/cluster/test_passing.py::test_pins_that_change_places_are_not_carried_out_on_one_node": (
        ("compare/passing.py", "add .*, or apply without --node"),
    ),
    "tests/cluster/test_passing.py::test_a_member_that_is_off_may_come_back_with_a_number_that_passes_on": (
        ("compare/passing.py", "bring the node back, or choose another VNI"),
    ),
    "tests/cli/test_saved_plan.py::test_an_edit_at_the_last_moment_is_not_lost": (
        ("workflows/draft.py", "plan again"),
    ),
    "tests/unit/workflows/test_adopt.py::test_two_definitions_that_are_merged_by_hand_pass_the_next_plan": (
        ("workflows/adopt.py", "merge the two by hand: .*"),
    ),
    "tests/unit/workflows/test_apply.py::test_a_zone_does_not_move_past_a_node_that_cannot_be_reached": (
        ("workflows/apply.py", "make every node that is on reachable by SSH, .*"),
    ),
    "tests/unit/workflows/test_watch.py::test_both_cures_of_definitions_that_are_missing_end_the_refusal": (
        ("workflows/watch.py", "put the file back, or run pvesdn apply by hand"),
    ),
    "tests/unit/move/test_refusals.py::test_a_value_that_no_device_can_have_is_refused_and_the_hint_leads_to_a_move": (
        ("move/from_panel.py", "choose another one in PVE's panel and apply it first"),
    ),
    "tests/unit/move/test_to_panel.py::test_multicast_stops_the_move_and_the_hint_leads_to_one_that_passes": (
        ("move/fates.py", "write peers instead, or leave both out, and apply that first"),
    ),
    "tests/unit/move/test_to_panel.py::test_a_controller_of_pvesdn_cfg_stops_it_and_the_hint_leads_to_a_move_that_passes": (
        ("move/to_panel.py", "create an EVPN controller with asn .*"),
    ),
    "tests/unit/recognise/test_found.py::test_written_as_it_is_told_the_device_is_imported": (
        ("recognise/found.py", "write .*|.*; then import again"),
    ),
    "tests/unit/recognise/test_hosts.py::test_taken_off_as_it_is_told_the_bridge_is_imported": (
        ("recognise/hosts.py", "move it to a device of the host's own .*"),
    ),
    "tests/unit/recognise/test_sources.py::test_with_the_bgp_controllers_that_are_told_pves_sessions_come_from_the_vteps": (
        ("recognise/pve_form.py", "add a BGP controller for .* in PVE, whose loopback is the device with the VTEP"),
    ),
    "tests/unit/recognise/test_leftovers.py::test_kept_as_it_is_told_it_passes_the_next_plan": (
        ("recognise/leftovers.py", ".*"),
    ),
    "tests/cluster/test_verify.py::test_a_source_line_that_is_lost_is_added_again_as_the_step_says": (
        ("compare/drift.py", "add the line '.*' to .*, then ifreload -a"),
    ),
    "tests/unit/workflows/test_order.py::test_a_canary_that_cannot_be_one_is_refused_and_without_it_the_plan_goes_through": (
        ("workflows/canary.py", "run pvesdn apply without --canary"),
        ("workflows/canary.py", "name one of .*"),
    ),
    "tests/cluster/test_lock.py::test_an_apply_that_may_still_be_at_work_is_named_and_nothing_is_staged": (
        ("workflows/left_open.py", "`pvesdn rollback .*` puts it back now, .*"),
    ),
    "tests/cluster/test_lock.py::test_who_comes_while_another_is_at_work_waits_as_long_as_that_may_be_dead_and_is_refused": (
        ("workflows/lock.py", "run pvesdn apply again when it has ended; .*"),
    ),
    "tests/cluster/test_rehearsal.py::test_without_anything_pending_there_is_no_commit_to_stop_before": (
        ("workflows/rehearsal.py", "apply without --no-commit"),
    ),
    "tests/cluster/test_rehearsal.py::test_a_newer_pve_commits_unrehearsed_only_when_told": (
        ("workflows/rehearsal.py", "pvesdn apply --commit-unrehearsed .*"),
    ),
    "tests/cluster/test_pves_back.py::test_edits_of_others_are_named_and_who_reverts_them_gets_through": (
        ("workflows/former.py", "apply or revert them in PVE's panel, and .*"),
        ("workflows/former.py", "run pvesdn rollback .* again; .*"),
    ),
    f"{_PUBLISH}::test_what_cannot_be_published_is_said_and_who_does_what_it_says_gets_through": (
        (
            "move/published.py",
            "did you mean .*|its zones are .*|it has no zone|remove nodes, apply, .*|.*: --as PVEZONE|.*: --vni-range .*",
        ),
        ("move/published.py", "make it larger, .*"),
    ),
    f"{_PUBLISH}::test_a_zone_without_vnets_is_given_to_the_panel_by_hand": (
        ("move/published.py", "draw VNets in PVE, .*"),
    ),
    f"{_PUBLISH}::test_it_has_been_published_once": (("move/published.py", "there is nothing to publish"),),
    f"{_PUBLISH}::test_what_pve_would_write_has_to_be_known_or_it_is_drawn_by_hand": (
        ("workflows/publish.py", "draw the zone in PVE's panel .*"),
    ),
    f"{_PUBLISH}::test_what_is_not_applied_yet_is_not_mixed_into_it": (
        ("workflows/publish.py", "run pvesdn apply first, then publish the zone"),
    ),
    "tests/cluster/test_sync_peers.py::test_edits_of_others_are_named_and_nothing_is_done": (
        ("workflows/peers.py", "run it again"),
    ),
    "tests/cluster/test_sync_peers.py::test_a_member_that_has_left_goes_from_every_list_and_whoever_is_no_member_stays": (
        ("design/checks/pve_peers.py", "remove it from the peers in PVE.*"),
    ),
    "tests/cluster/test_sdn_lock.py::test_what_happens_right_before_the_commit_stops_it_and_every_node_is_as_before": (
        ("workflows/sdn_lock.py", "run pvesdn plan, then pvesdn apply"),
    ),
    "tests/cluster/test_sdn_lock.py::test_a_foreign_lock_that_is_taken_away_as_the_hint_says_stops_the_next_apply_no_longer": (
        ("workflows/sdn_lock.py", "PVE does not note whose it is: .*"),
    ),
}
"""By the test: files below ``pvesdn/``, and which of their hints, as a pattern."""
