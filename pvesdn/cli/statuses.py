"""Exit statuses, the same in every verb that has them."""

from __future__ import annotations

OK = 0
ERROR = 1
CHANGES = 2
UNREACHABLE = 4
PARTLY = 5
INTERRUPTED = 130

TABLE = """\
\b
Exit status:
  0    done, or nothing to do
  1    an error: usage, settings, definitions, the cluster, a node; nothing more was done
  2    plan --detailed-exitcode: there are changes
  3    apply --confirm: nobody confirmed it in time, and it was put back
  4    a node could not be reached; the others were dealt with
  5    apply, rollback: not every node that was changed is as it was before
  130  interrupted
"""

LOOK_TABLE = """\
\b
Exit status:
  0    done
  1    an error: usage, settings, definitions, the cluster
  4    a node could not be reached, and what it has is not known; the rest is there
  130  interrupted
"""
"""That of verbs that only show what there is, node by node."""

TELL_TABLE = """\
\b
Exit status:
  0    done
  1    an error: usage, settings, definitions, the cluster
  130  interrupted
"""
"""The same where a node that was not reached is told and no more."""

NOT_CHECKED = 2
UNCONFIRMED = 3

CHECK_TABLE = """\
\b
Exit status:
  0    nothing is wrong, as far as definitions alone can tell; there may be warnings
  1    the definitions have errors
  2    they could not be read, or the call is wrong
"""
"""That of `check`, which gives no other."""

WARNINGS = 3

VERIFY_TABLE = """\
\b
Exit status:
  0    the network is what the definitions say, as far as it was checked
  1    it is not
  2    nothing could be checked: usage, settings, definitions, the cluster
  3    warnings only: something may become bad, or could not be seen
  4    a node could not be reached; the others are good
  130  interrupted
"""
"""That of `verify` and of `status`."""

TRACE_TABLE = """\
\b
Exit status:
  0    it arrives, there and back, by every way
  1    it ends on some way
  2    nothing could be traced: usage, settings, definitions, the cluster
  3    nobody knows: something on the way could not be seen
  4    a node on the way could not be reached; nothing is known to be wrong
  130  interrupted
"""
