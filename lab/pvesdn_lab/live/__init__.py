"""The live lab: clusters of network namespaces with real FRR, real ifupdown2, real sshd, on a real kernel.

Only the PVE API is simulated. Everything lies inside one tree of namespaces under one holder process: when that
process ends, for whatever reason, the kernel takes the rest away. Needs root and Debian's package manager.
"""
