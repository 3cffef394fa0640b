"""Export of trained networks: ONNX files and their cards, quantisation, pruning, ensembles, pixel kernels."""
