"""The live lab from outside: what this kernel can carry, the process or machine that carries the rest, a lab that
stays.
"""
