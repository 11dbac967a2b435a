" How vim colours pvesdn.cfg. Made by `make docs` from the grammar; do not edit.
"
" What is no section, no property of its section, or no value of a property that has few, is shown as an error.
if exists("b:current_syntax")
  finish
endif
syntax case match

syntax match pvesdnError /^[^#[:space:]].*/
syntax match pvesdnError /^\s\+\S.*/
syntax match pvesdnComment /^#.*/

syntax match pvesdnNumber /\<\d\+\>/ contained
syntax match pvesdnAddress /\<\d\{1,3}\%(\.\d\{1,3}\)\{3}\%(\/\d\{1,2}\)\?\>/ contained
syntax match pvesdnAddress /\<\x*:\x*:[0-9a-fA-F:.]*\%(\/\d\{1,3}\)\?/ contained
syntax match pvesdnMac /\<\x\x\%(:\x\x\)\{5}\>/ contained
syntax match pvesdnUnknown /^\s\+\zs\S.*/ contained
syntax match pvesdnWrong /\S.*/ contained
syntax match pvesdnId /[a-zA-Z0-9_-]\+/ contained

" underlay
syntax match pvesdn_underlay_key /^\s\+\zs\%(network\|vteps\)\ze\%(\s\|$\)/ contained
highlight default link pvesdn_underlay_key pvesdnKey
syntax match pvesdn_underlay_head /^\cunderlay:/ contained nextgroup=pvesdnId skipwhite
highlight default link pvesdn_underlay_head pvesdnType
syntax region pvesdn_underlay start=/^\cunderlay:\s*\S/ end=/^\ze\%([^#[:space:]]\|$\)/ keepend contains=pvesdnUnknown,pvesdnComment,pvesdnNumber,pvesdnAddress,pvesdnMac,pvesdn_underlay_head,pvesdn_underlay_key.*

" evpn-controller
syntax match pvesdn_evpncontroller_key /^\s\+\zs\%(route-reflectors\|peers\|asn\)\ze\%(\s\|$\)/ contained
highlight default link pvesdn_evpncontroller_key pvesdnKey
syntax match pvesdn_evpncontroller_head /^\cevpn-controller:/ contained nextgroup=pvesdnId skipwhite
highlight default link pvesdn_evpncontroller_head pvesdnType
syntax region pvesdn_evpncontroller start=/^\cevpn-controller:\s*\S/ end=/^\ze\%([^#[:space:]]\|$\)/ keepend contains=pvesdnUnknown,pvesdnComment,pvesdnNumber,pvesdnAddress,pvesdnMac,pvesdn_evpncontroller_head,pvesdn_evpncontroller_key.*

" vxlan
syntax match pvesdn_vxlan_key /^\s\+\zs\%(multicast-interface\|multicast-group\|vxlan-port\|vni-range\|carries\|nodes\|peers\|mac\|mtu\)\ze\%(\s\|$\)/ contained
highlight default link pvesdn_vxlan_key pvesdnKey
syntax match pvesdn_vxlan_head /^\cvxlan:/ contained nextgroup=pvesdnId skipwhite
highlight default link pvesdn_vxlan_head pvesdnType
syntax region pvesdn_vxlan start=/^\cvxlan:\s*\S/ end=/^\ze\%([^#[:space:]]\|$\)/ keepend contains=pvesdnUnknown,pvesdnComment,pvesdnNumber,pvesdnAddress,pvesdnMac,pvesdn_vxlan_head,pvesdn_vxlan_key.*

" evpn
syntax match pvesdn_evpn_key /^\s\+\zs\%(controller\|vxlan-port\|rt-import\|vni-range\|vrf-vxlan\|carries\|nodes\|mac\|mtu\)\ze\%(\s\|$\)/ contained
syntax match pvesdn_evpn_key_irb /^\s\+\zs\%(irb\)\ze\%(\s\|$\)/ contained nextgroup=pvesdnWrong,pvesdn_evpn_value_irb skipwhite
syntax match pvesdn_evpn_value_irb /\%(asymmetric\|symmetric\|none\)\ze\s*$/ contained
highlight default link pvesdn_evpn_key_irb pvesdnKey
highlight default link pvesdn_evpn_value_irb pvesdnWord
syntax match pvesdn_evpn_key_vrf /^\s\+\zs\%(vrf\)\ze\%(\s\|$\)/ contained nextgroup=pvesdnWrong,pvesdn_evpn_value_vrf skipwhite
syntax match pvesdn_evpn_value_vrf /\%(main\)\ze\s*$/ contained
highlight default link pvesdn_evpn_key_vrf pvesdnKey
highlight default link pvesdn_evpn_value_vrf pvesdnWord
syntax match pvesdn_evpn_key_flood /^\s\+\zs\%(flood\)\ze\%(\s\|$\)/ contained nextgroup=pvesdnWrong,pvesdn_evpn_value_flood skipwhite
syntax match pvesdn_evpn_value_flood /\%(false\|true\|off\|yes\|no\|on\|0\|1\)\ze\s*$/ contained
highlight default link pvesdn_evpn_key_flood pvesdnKey
highlight default link pvesdn_evpn_value_flood pvesdnWord
syntax match pvesdn_evpn_key_disable_arp_nd_suppression /^\s\+\zs\%(disable-arp-nd-suppression\)\ze\%(\s\|$\)/ contained nextgroup=pvesdnWrong,pvesdn_evpn_value_disable_arp_nd_suppression skipwhite
syntax match pvesdn_evpn_value_disable_arp_nd_suppression /\%(false\|true\|off\|yes\|no\|on\|0\|1\)\ze\s*$/ contained
highlight default link pvesdn_evpn_key_disable_arp_nd_suppression pvesdnKey
highlight default link pvesdn_evpn_value_disable_arp_nd_suppression pvesdnWord
syntax match pvesdn_evpn_key_advertise_subnets /^\s\+\zs\%(advertise-subnets\)\ze\%(\s\|$\)/ contained nextgroup=pvesdnWrong,pvesdn_evpn_value_advertise_subnets skipwhite
syntax match pvesdn_evpn_value_advertise_subnets /\%(false\|true\|off\|yes\|no\|on\|0\|1\)\ze\s*$/ contained
highlight default link pvesdn_evpn_key_advertise_subnets pvesdnKey
highlight default link pvesdn_evpn_value_advertise_subnets pvesdnWord
highlight default link pvesdn_evpn_key pvesdnKey
syntax match pvesdn_evpn_head /^\cevpn:/ contained nextgroup=pvesdnId skipwhite
highlight default link pvesdn_evpn_head pvesdnType
syntax region pvesdn_evpn start=/^\cevpn:\s*\S/ end=/^\ze\%([^#[:space:]]\|$\)/ keepend contains=pvesdnUnknown,pvesdnComment,pvesdnNumber,pvesdnAddress,pvesdnMac,pvesdn_evpn_head,pvesdn_evpn_key.*

" vnet
syntax match pvesdn_vnet_key /^\s\+\zs\%(alias\|nodes\|zone\|tag\)\ze\%(\s\|$\)/ contained
syntax match pvesdn_vnet_key_vlanaware /^\s\+\zs\%(vlanaware\)\ze\%(\s\|$\)/ contained nextgroup=pvesdnWrong,pvesdn_vnet_value_vlanaware skipwhite
syntax match pvesdn_vnet_value_vlanaware /\%(false\|true\|off\|yes\|no\|on\|0\|1\)\ze\s*$/ contained
highlight default link pvesdn_vnet_key_vlanaware pvesdnKey
highlight default link pvesdn_vnet_value_vlanaware pvesdnWord
highlight default link pvesdn_vnet_key pvesdnKey
syntax match pvesdn_vnet_head /^\cvnet:/ contained nextgroup=pvesdnId skipwhite
highlight default link pvesdn_vnet_head pvesdnType
syntax region pvesdn_vnet start=/^\cvnet:\s*\S/ end=/^\ze\%([^#[:space:]]\|$\)/ keepend contains=pvesdnUnknown,pvesdnComment,pvesdnNumber,pvesdnAddress,pvesdnMac,pvesdn_vnet_head,pvesdn_vnet_key.*

" subnet
syntax match pvesdn_subnet_key /^\s\+\zs\%(gateway\|vnet\)\ze\%(\s\|$\)/ contained
highlight default link pvesdn_subnet_key pvesdnKey
syntax match pvesdn_subnet_head /^\csubnet:/ contained nextgroup=pvesdnId skipwhite
highlight default link pvesdn_subnet_head pvesdnType
syntax region pvesdn_subnet start=/^\csubnet:\s*\S/ end=/^\ze\%([^#[:space:]]\|$\)/ keepend contains=pvesdnUnknown,pvesdnComment,pvesdnNumber,pvesdnAddress,pvesdnMac,pvesdn_subnet_head,pvesdn_subnet_key.*

" exit
syntax match pvesdn_exit_key /^\s\+\zs\%(vrrp-priority\|vrrp-address\|interface\|address6\|gateways\|address\|vrrp-id\|node\|zone\)\ze\%(\s\|$\)/ contained
highlight default link pvesdn_exit_key pvesdnKey
syntax match pvesdn_exit_head /^\cexit:/ contained nextgroup=pvesdnId skipwhite
highlight default link pvesdn_exit_head pvesdnType
syntax region pvesdn_exit start=/^\cexit:\s*\S/ end=/^\ze\%([^#[:space:]]\|$\)/ keepend contains=pvesdnUnknown,pvesdnComment,pvesdnNumber,pvesdnAddress,pvesdnMac,pvesdn_exit_head,pvesdn_exit_key.*

syntax sync fromstart

highlight default link pvesdnComment Comment
highlight default link pvesdnType Type
highlight default link pvesdnId Identifier
highlight default link pvesdnKey Statement
highlight default link pvesdnNumber Number
highlight default link pvesdnAddress Constant
highlight default link pvesdnMac Constant
highlight default link pvesdnWord Boolean
highlight default link pvesdnUnknown Error
highlight default link pvesdnWrong Error
highlight default link pvesdnError Error

let b:current_syntax = "pvesdn"
