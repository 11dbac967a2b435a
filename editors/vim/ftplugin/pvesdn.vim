" A property is indented by a tab, a comment begins in the first column.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal noexpandtab shiftwidth=8 softtabstop=0 commentstring=#%s comments=:#
let b:undo_ftplugin = "setlocal expandtab< shiftwidth< softtabstop< commentstring< comments<"
