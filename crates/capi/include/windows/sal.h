/*
 * Words with which declarations of Windows say what an argument is for. They mean nothing to these compilers.
 *
 * Their old forms, such as __in, are names of arguments in the C++ library, so only C has them here; a source in C++ that uses them is
 * compiled with -D__in= and so on, if it can do without <iostream>.
 */
#ifndef _INC_SAL
#define _INC_SAL

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(count)
#define _In_reads_opt_(count)
#define _In_reads_bytes_(octets)
#define _In_reads_bytes_opt_(octets)
#define _Out_
#define _Out_opt_
#define _Out_writes_(count)
#define _Out_writes_opt_(count)
#define _Out_writes_z_(count)
#define _Out_writes_to_(room, count)
#define _Out_writes_bytes_(octets)
#define _Out_writes_bytes_opt_(octets)
#define _Out_writes_bytes_to_(room, octets)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(count)
#define _Inout_updates_bytes_(octets)
#define _Reserved_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Check_return_
#define _Must_inspect_result_
#define _Success_(condition)
#define _When_(condition, annotations)
#define _Printf_format_string_
#define _Pre_satisfies_(condition)
#define _Post_satisfies_(condition)
#define _Frees_ptr_opt_

#ifndef __cplusplus
#define __in
#define __in_opt
#define __in_ecount(count)
#define __in_bcount(octets)
#define __in_z
#define __out
#define __out_opt
#define __out_ecount(count)
#define __out_bcount(octets)
#define __inout
#define __inout_opt
#define __reserved
#endif

#endif
