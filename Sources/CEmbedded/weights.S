// The files of weights/, as they are. SwiftPM does not see that they changed: edit this line then. Revision 15.

        .section .rodata
        .balign 64
        .hidden ps_embedded_detector_begin, ps_embedded_detector_end
        .globl ps_embedded_detector_begin, ps_embedded_detector_end
ps_embedded_detector_begin:
        .incbin "compact_detector.safetensors"
ps_embedded_detector_end:

        .balign 64
        .hidden ps_embedded_pose_begin, ps_embedded_pose_end
        .globl ps_embedded_pose_begin, ps_embedded_pose_end
ps_embedded_pose_begin:
        .incbin "compact_pose.safetensors"
ps_embedded_pose_end:

        .section .note.GNU-stack, "", %progbits
