"""Export of trained networks: ONNX files with their model cards, quantisation, pruning, ensembles."""
